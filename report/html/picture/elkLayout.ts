/** Lays out a drawing with ELK: boxes don't overlap, and arrows don't cross boxes. */
import elk, { type ElkExtendedEdge, type ElkNode, type ElkPoint, type LayoutOptions } from "elkjs/lib/elk.bundled.js";
import type { Arrow, Box, Drawing } from "./drawing.ts";

/** Font sizes and distances in SVG user units, as in picture.css. */
export const type = { title: 13, line: 12, lineHeight: 16, padding: 10 };

export interface Place {
	x: number;
	y: number;
	width: number;
	height: number;
}

export interface PlacedBox {
	box: Box;
	place: Place;
}

export interface PlacedArrow {
	arrow: Arrow;
	points: ElkPoint[];
	label?: Place;
}

export interface Placed {
	width: number;
	height: number;
	/** A box comes before the boxes inside it. */
	boxes: PlacedBox[];
	arrows: PlacedArrow[];
}

/** The packet's direction: right in a wide window, down in a narrow one. */
export type Direction = "RIGHT" | "DOWN";

const engine = new elk.default();

/** The target width in user units. */
const widths: Record<Direction, number> = { RIGHT: 1130, DOWN: 320 };

/** Boxes with arrows follow the arrows; the others are packed next to them. */
export async function layout({ boxes, arrows }: Drawing, direction: Direction): Promise<Placed> {
	const ends = new Set(arrows.flatMap(({ from, to }) => [from, to]));
	const [joined, others] = parted(boxes, (box) => all(box).some(({ id }) => ends.has(id)));
	const path = {
		id: "path",
		layoutOptions: layered(direction),
		children: joined.map(toElk),
		edges: arrows.map(toEdge),
	};
	const placed: ElkNode = await engine.layout({
		id: "picture",
		layoutOptions: packed(widths[direction]),
		children: [...(joined.length > 0 ? [path] : []), ...others.map(toElk)],
	});
	const known = new Map(boxes.flatMap(all).map((box) => [box.id, box]));
	const edges = placed.children?.flatMap(({ edges = [] }) => edges) ?? [];
	return {
		width: placed.width ?? 0,
		height: placed.height ?? 0,
		boxes: (placed.children ?? []).flatMap((child) => placesIn(child, known)),
		arrows: edges.flatMap((edge, i) => (arrows[i] ? arrowOf(edge, arrows[i]) : [])),
	};
}

function parted<T>(all: readonly T[], isFirst: (one: T) => boolean): [T[], T[]] {
	return [all.filter(isFirst), all.filter((one) => !isFirst(one))];
}

// All coordinates are relative to the picture.
const rootCoordinates: LayoutOptions = { "elk.json.shapeCoords": "ROOT", "elk.json.edgeCoords": "ROOT" };

const packed = (width: number): LayoutOptions => ({
	"elk.algorithm": "rectpacking",
	"elk.rectpacking.widthApproximation.strategy": "TARGET_WIDTH",
	"elk.rectpacking.widthApproximation.targetWidth": String(width),
	"elk.padding": "[top=4,left=4,bottom=4,right=4]",
	"elk.spacing.nodeNode": "16",
	...rootCoordinates,
});

const layered = (direction: Direction): LayoutOptions => ({
	"elk.algorithm": "layered",
	"elk.direction": direction,
	"elk.hierarchyHandling": "INCLUDE_CHILDREN",
	"elk.edgeRouting": "ORTHOGONAL",
	"elk.padding": "[top=0,left=0,bottom=0,right=0]",
	"elk.spacing.nodeNode": "16",
	"elk.spacing.edgeLabel": "2",
	"elk.spacing.edgeNode": "14",
	"elk.layered.spacing.nodeNodeBetweenLayers": "12",
	"elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
	...rootCoordinates,
});

const toEdge = ({ from, to, lines }: Arrow, i: number): ElkExtendedEdge => ({
	id: `arrow ${i}`,
	sources: [from],
	targets: [to],
	labels: lines.length > 0 ? [{ text: lines.join("\n"), ...sizeOf(lines, type.line, 4) }] : [],
});

function toElk(box: Box): ElkNode {
	const { padding } = type;
	const own = sizeOf([box.title, ...box.lines], type.title, padding);
	if (box.inside.length === 0) return { id: box.id, ...own };
	return {
		id: box.id,
		layoutOptions: {
			"elk.padding": `[top=${own.height},left=${padding},bottom=${padding},right=${padding}]`,
			"elk.nodeSize.constraints": "MINIMUM_SIZE",
			"elk.nodeSize.minimum": `(${own.width},${own.height})`,
		},
		children: box.inside.map(toElk),
	};
}

/** Room for lines of text, with a margin: the width of characters depends on the machine. */
function sizeOf(lines: readonly string[], size: number, padding: number): Pick<Place, "width" | "height"> {
	const characters = Math.max(...lines.map((line) => line.length));
	return {
		width: Math.ceil(characters * size * 0.66) + 2 * padding,
		height: lines.length * type.lineHeight + 2 * padding - 2,
	};
}

const all = (box: Box): Box[] => [box, ...box.inside.flatMap(all)];

function placesIn(node: ElkNode, known: ReadonlyMap<string, Box>): PlacedBox[] {
	const box = known.get(node.id);
	return [
		...(box ? [{ box, place: placeOf(node) }] : []),
		...(node.children ?? []).flatMap((child) => placesIn(child, known)),
	];
}

const placeOf = ({ x = 0, y = 0, width = 0, height = 0 }: Partial<Place>): Place => ({ x, y, width, height });

function arrowOf({ sections = [], labels = [] }: ElkExtendedEdge, arrow: Arrow): PlacedArrow[] {
	const points = sections.flatMap(({ startPoint, bendPoints = [], endPoint }) => [startPoint, ...bendPoints, endPoint]);
	const [label] = labels;
	return [{ arrow, points, ...(label && { label: placeOf(label) }) }];
}

/** A laid out drawing as SVG; the page has its styles. */
import { type Markup, markup } from "../markup.ts";
import { type Placed, type PlacedArrow, type PlacedBox, type } from "./elkLayout.ts";

/**
 * Draws arrows over boxes and text over both, because an arrow into a box may cross its title.
 * @param label the text alternative of the picture
 */
export function svg({ width, height, boxes, arrows }: Placed, label: string): Markup {
	const [across, down] = [Math.ceil(width), Math.ceil(height)];
	return markup`<svg role="img" aria-label="${label}" viewBox="0 0 ${across} ${down}" width="${across}" height="${down}">
${boxes.map(rectangle)}${arrows.map(polyline)}${boxes.map(words)}${arrows.map(labelOf)}</svg>`;
}

const rectangle = ({ box, place: { x, y, width, height } }: PlacedBox): Markup => markup`<rect class="${box.kind}${
	box.onPath ? " passed" : ""
}" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="6"/>
`;

function polyline({ points }: PlacedArrow): Markup {
	const line = points.map(({ x, y }) => `${round(x)},${round(y)}`).join(" ");
	return markup`<polyline points="${line}" marker-end="url(#tip)"/>
`;
}

const words = ({ box: { kind, title, lines }, place: { x, y } }: PlacedBox): Markup =>
	markup`<g class="${kind}">${textLine(title, x, y, "title")}${lines.map((line, i) => textLine(line, x, y + (i + 1) * type.lineHeight))}</g>
`;

const labelOf = ({ arrow: { lines }, label }: PlacedArrow): Markup =>
	markup`<g class="arrow">${label && lines.map((line, i) => textLine(line, label.x - 6, label.y - 6 + i * type.lineHeight))}</g>
`;

/** @param top the top of its box, or of the line before it */
const textLine = (text: string, left: number, top: number, name?: string): Markup =>
	markup`<text${name && markup` class="${name}"`} x="${round(left + type.padding)}" y="${round(top + type.padding + 11)}">${text}</text>`;

/** The arrowhead: once in a page. */
export const arrowTip = markup`<svg class="tip" width="0" height="0" aria-hidden="true"><defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4"
markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z"/></marker></defs></svg>`;

const round = (value: number): number => Math.round(value * 10) / 10;

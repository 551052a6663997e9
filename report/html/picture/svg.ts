/** A picture whose parts have their places, as SVG; its colours are the page's. */

import { type Markup, markup } from "../markup.ts";
import { type Placed, type PlacedArrow, type PlacedBox, type } from "./layout.ts";

/**
 * Arrows over boxes, and text over both: an arrow into a box may pass its title.
 * @param label what the picture shows, for those who do not see it
 */
export function svg({ width, height, boxes, arrows }: Placed, label: string): Markup {
	const [across, down] = [Math.ceil(width), Math.ceil(height)];
	return markup`<svg role="img" aria-label="${label}" viewBox="0 0 ${across} ${down}" width="${across}" height="${down}">
${boxes.map(rectangle)}${arrows.map(line)}${boxes.map(words)}${arrows.map(labelOf)}</svg>`;
}

const rectangle = ({ box, place: { x, y, width, height } }: PlacedBox): Markup => markup`<rect class="${box.kind}${
	box.onPath ? " passed" : ""
}" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="6"/>
`;

function line({ points }: PlacedArrow): Markup {
	const way = points.map(({ x, y }) => `${round(x)},${round(y)}`).join(" ");
	return markup`<polyline points="${way}" marker-end="url(#tip)"/>
`;
}

const words = ({ box: { kind, title, lines }, place: { x, y } }: PlacedBox): Markup =>
	markup`<g class="${kind}">${textLine(title, x, y, "title")}${lines.map((line, i) => textLine(line, x, y + (i + 1) * type.lineHeight))}</g>
`;

const labelOf = ({ arrow: { lines }, label }: PlacedArrow): Markup =>
	markup`<g class="arrow">${label && lines.map((line, i) => textLine(line, label.x - 6, label.y - 6 + i * type.lineHeight))}</g>
`;

/** @param top of the box that it is in, or of the line before it */
const textLine = (text: string, left: number, top: number, name?: string): Markup =>
	markup`<text${name && markup` class="${name}"`} x="${round(left + type.padding)}" y="${round(top + type.padding + 11)}">${text}</text>`;

/** The arrows' tip; once in a page that has such pictures. */
export const arrowTip = markup`<svg class="tip" width="0" height="0" aria-hidden="true"><defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4"
markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z"/></marker></defs></svg>`;

const round = (value: number): number => Math.round(value * 10) / 10;

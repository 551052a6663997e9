/** What the page shows when a cell is chosen: its packet's ways as a picture and in words, and the rules that it meets. */
import type { Cell } from "../../verification/model.ts";
import type { CellWays, Report } from "../../verification/report.ts";
import { cellName } from "../matrixText.ts";
import { waysInWords } from "./hopWords.ts";
import { type Markup, markup } from "./markup.ts";
import { hitRules } from "./nodeRules.ts";
import { clusterDrawing } from "./picture/clusterPicture.ts";
import { layout } from "./picture/layout.ts";
import { svg } from "./picture/svg.ts";

export interface Choice {
	client: string;
	/** As the lists of targets name it. */
	target: string;
	/** In one line. */
	title: string;
	/** Its place in the list of pictures. */
	picture: number;
	words: Markup;
	/** Ids of rules. */
	hits: string[];
}

export interface Choices {
	/** One for each cell of the matrix, in its order. */
	choices: Choice[];
	/** Of every packet whose ways are kept, and one of the cluster alone for the others. */
	pictures: Markup[];
}

export async function choicesOf(report: Report): Promise<Choices> {
	const { connectivity, ways, rules } = report;
	const kept = new Map(ways.cells.map((cell) => [keyOf(cell.client, cell.address), cell]));
	const pictures: Markup[] = [];
	let withoutPath: number | undefined;
	const choices: Choice[] = [];
	for (const cell of connectivity) {
		const own = kept.get(keyOf(cell.client, cell.target.address));
		const picture = (own ? undefined : withoutPath) ?? pictures.push(await pictureOf(report, own)) - 1;
		if (!own) withoutPath = picture;
		choices.push({
			client: cell.client,
			target: targetName(cell),
			title: `${cellName(cell)}: ${cell.ok ? "as predicted" : "NOT AS PREDICTED"}`,
			picture,
			words: markup`${own ? waysInWords(own, ways.hops) : notKept(cell)}<p>To ask again: <code>${cell.command}</code></p>`,
			hits: own ? hitRules(own, ways, rules) : [],
		});
	}
	return { choices, pictures };
}

const keyOf = (client: string, address: string): string => JSON.stringify([client, address]);

const targetName = ({ target: { kind, node, address } }: Cell): string => `${node ?? kind} (${address})`;

const notKept = ({ client, target }: Cell): Markup => markup`<p>This report has no room for this packet's path.
<code>npm run explain -- --from ${client} --to ${target.address}</code> shows it.</p>`;

const nobody: CellWays = { client: "", address: "", ways: [], omittedWays: 0 };

/** To the right, and for a narrow window downwards; the page shows one of them. */
async function pictureOf(report: Report, own: CellWays | undefined): Promise<Markup> {
	const drawing = clusterDrawing(report, own ?? nobody);
	const label = own ? `The cluster, and the way of ${inWords(own)}` : "The cluster";
	return markup`<div class="wide">${svg(await layout(drawing, "RIGHT"), label)}</div>
<div class="tall">${svg(await layout(drawing, "DOWN"), label)}</div>`;
}

function inWords({ client, address, ways }: CellWays): string {
	const told = ways.map(({ legs, end }) => `over ${legs.map(({ node }) => node).join(", ") || "no node"}. ${end.text}`);
	return `the packet from ${client} to ${address}: ${told.join(" Or ")}`;
}

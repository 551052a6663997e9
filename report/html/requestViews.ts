/** What the page shows for a selected request: its packet's journey as a picture and in words, and the rules that act. */
import type { JourneyWithHops } from "../../verification/journey/model.ts";
import type { Cell } from "../../verification/model.ts";
import type { Report } from "../../verification/report.ts";
import { endText, recordedJourney } from "../journeyText.ts";
import { requestName } from "../matrixText.ts";
import { journeyInWords } from "./journeyInWords.ts";
import { type Markup, markup } from "./markup.ts";
import { matchedRules } from "./nodeRules.ts";
import { clusterDrawing } from "./picture/clusterPicture.ts";
import { layout } from "./picture/elkLayout.ts";
import { svg } from "./picture/svg.ts";

export interface RequestView {
	client: string;
	/** As in the list of targets. */
	target: string;
	title: string;
	/** Index into the pictures. */
	picture: number;
	words: Markup;
	/** Ids of rules. */
	hits: string[];
}

export interface RequestViews {
	/** In the order of the matrix. */
	views: RequestView[];
	/** One for each recorded journey, and one of the cluster alone for the other requests. */
	pictures: Markup[];
}

export async function requestViews(report: Report): Promise<RequestViews> {
	const pictures: Markup[] = [];
	let withoutPath: number | undefined;
	const views: RequestView[] = [];
	for (const cell of report.connectivity) {
		const journey = recordedJourney(report, cell.client, cell.target.address);
		const picture = (journey ? undefined : withoutPath) ?? pictures.push(await pictureOf(report, journey)) - 1;
		if (!journey) withoutPath = picture;
		const words = journey ? journeyInWords(journey, journey.hops) : notRecorded(cell);
		views.push({
			client: cell.client,
			target: targetName(cell),
			title: `${requestName(cell)}: ${cell.ok ? "as predicted" : "NOT AS PREDICTED"}`,
			picture,
			words: markup`${words}<p>To repeat the request: <code>${cell.command}</code></p>`,
			hits: journey ? matchedRules(journey, report.rules) : [],
		});
	}
	return { views, pictures };
}

const targetName = ({ target: { kind, node, address } }: Cell): string => `${node ?? kind} (${address})`;

const notRecorded = ({ client, target }: Cell): Markup => markup`<p>This report has no room for this packet's path.
<code>npm run explain -- --from ${client} --to ${target.address}</code> shows it.</p>`;

const noJourney: JourneyWithHops = { client: "", address: "", branches: [], omittedBranches: 0, hops: [] };

/** From left to right, and for narrow windows from top to bottom; the page shows one of them. */
async function pictureOf(report: Report, journey: JourneyWithHops | undefined): Promise<Markup> {
	const drawing = clusterDrawing(report, journey ?? noJourney);
	const label = journey ? `The cluster, and the path of ${inWords(journey)}` : "The cluster";
	return markup`<div class="wide">${svg(await layout(drawing, "RIGHT"), label)}</div>
<div class="tall">${svg(await layout(drawing, "DOWN"), label)}</div>`;
}

function inWords({ client, address, branches }: JourneyWithHops): string {
	const texts = branches.map(
		({ legs, end }) => `over ${legs.map(({ node }) => node).join(", ") || "no node"}. ${endText(end)}`,
	);
	return `the packet from ${client} to ${address}: ${texts.join(" Or ")}`;
}

/** What the page shows for a selected request: its packet's journey as a picture and in words, and the rules that act. */

import { shellText } from "../../../lib/shell.ts";
import type { JourneyWithHops } from "../../../verification/journey/model.ts";
import type { Cell, NodeRules } from "../../../verification/model.ts";
import type { Report } from "../../../verification/report.ts";
import { endText, recordedJourney } from "../../journeyText.ts";
import { requestName } from "../../matrixText.ts";
import { explainCommand } from "../../path/stepsText.ts";
import { type ReportView, usualFamily } from "../../views/reportViews.ts";
import { withProtocol } from "../../views/viewText.ts";
import { branchTitles, journeyInWords } from "../journeyInWords.ts";
import { type Markup, markup } from "../markup.ts";
import { matchedRules } from "../nodeRules.ts";
import { pictureOf } from "../picture/picture.ts";
import { sequence } from "../picture/sequence.ts";
import { requestLesson } from "../takeaway.ts";

export interface RequestView {
	/** Index of the Service's view; absent: there is only one. */
	view?: number;
	client: string;
	/** As in the list of targets. */
	target: string;
	title: string;
	lesson: string;
	/** Of each branch; empty if there is only one. */
	branches: string[];
	/** Index of the first branch's picture; the other branches' pictures follow. */
	picture: number;
	words: Markup;
	/** Ids of rules. */
	hits: string[];
}

export interface RequestViews {
	/** In the order of the matrices. */
	requests: RequestView[];
	pictures: Markup[];
}

/** @param rules of all views */
export function requestViews(views: readonly ReportView[], rules: readonly NodeRules[]): RequestViews {
	// Shared by all requests without a recorded path: there may be thousands.
	const pictures = [markup`<p class="note">The path of this packet isn't recorded.</p>`];
	const viewed = (report: Report, cell: Cell): RequestView => {
		const journey = recordedJourney(report, cell);
		const own = journey ? picturesOf(report, journey) : [];
		const words = journey ? journeyInWords(journey, journey.hops) : notRecorded(report, cell);
		return {
			client: cell.client,
			target: targetName(cell),
			title: `${requestName(cell)}: ${cell.ok ? "as predicted" : "NOT AS PREDICTED"}`,
			lesson: requestLesson(report, cell).join(" "),
			branches: own.length > 1 && journey ? branchTitles(journey) : [],
			picture: own.length === 0 ? 0 : pictures.push(...own) - own.length,
			words: markup`${words}<p>To repeat the request: <code>${cell.command}</code></p>`,
			hits: journey ? matchedRules(journey, rules) : [],
		};
	};
	const requests = views.flatMap(({ report }, view) =>
		report.connectivity.map((cell) => ({ ...(views.length > 1 && { view }), ...viewed(report, cell) })),
	);
	return { requests, pictures };
}

const targetName = ({ target: { kind, node, address } }: Cell): string => `${node ?? kind} (${address})`;

/** One for each branch; none if the report doesn't contain the client. */
function picturesOf(report: Report, journey: JourneyWithHops): Markup[] {
	const client = report.clients.find(({ name }) => name === journey.client);
	if (!client) return [];
	return journey.branches.map((branch) =>
		sequence(pictureOf(report, branch, journey.hops, client), labelOf(journey, branch)),
	);
}

function notRecorded(report: Report, { client, target }: Cell): Markup {
	if (report.journeys.omittedRequests === 0) return markup`<p>This run recorded no path for the packet.</p>`;
	return markup`<p>This report has no room for this packet's path.
<code>${shellText(...explainCommand({ client, ...target }, usualFamily(report)))}</code> shows it.</p>`;
}

const labelOf = (
	{ client, address, protocol }: JourneyWithHops,
	{ legs, end }: JourneyWithHops["branches"][number],
): string =>
	`The path of the packet from ${client} to ${withProtocol(address, protocol)}: over ${legs.map(({ node }) => node).join(", ") || "no node"}. ${endText(end)}`;

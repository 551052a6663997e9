/** The answer of an explained path: who answers, and which address the pod sees, as the rules predict it. */
import type { End, JourneyWithHops } from "../../verification/journey/model.ts";
import type { Report, ReportedClient } from "../../verification/report.ts";
import { placeText } from "../path/placeText.ts";
import { explainCommand } from "../path/stepsText.ts";
import type { Screen } from "../screen/screen.ts";
import { usualFamily } from "../views/reportViews.ts";
import { answerLines, type Line, shortList } from "./answerLines.ts";
import { nextLines } from "./answerText.ts";

/** How the kernels' traces compare with the path; undefined: nothing was traced. */
export type Compared = { agree: boolean; nodes: number } | undefined;

export function pathAnswer(
	report: Report,
	{ client, journey, compared }: { client: ReportedClient; journey: JourneyWithHops; compared: Compared },
	screen: Screen,
): string {
	const ends = journey.branches.map(({ end }) => end);
	const pods = ends.flatMap((end) => (end.kind === "pod" ? end : []));
	const seen = [...new Set(pods.map(({ clientIp }) => clientIp))];
	const facts: Line[] = [
		{ label: "client", text: `${client.name}, ${placeText(client.place)}` },
		...(seen.length > 0 ? [{ label: "pod sees", text: seenText(seen, client) }] : []),
	];
	return answerLines(
		{ ok: pods.length > 0 && compared?.agree !== false, text: verdictText(ends, compared) },
		[...facts, ...nextLines(report, [...explainCommand(journey, usualFamily(report)), "--verbose"])],
		screen,
	);
}

function verdictText(ends: readonly End[], compared: Compared): string {
	const names = [...new Set(ends.map(endName))];
	const by = compared === undefined ? "predicted from the rules" : comparedText(compared);
	return `${by}: ${shortList(names, 100)}`;
}

const comparedText = ({ agree, nodes }: NonNullable<Compared>): string => {
	const traces = nodes === 1 ? "1 kernel trace" : `${nodes} kernel traces`;
	return agree
		? `predicted from the rules, and ${traces} agree`
		: "predicted from the rules, NOT confirmed by the kernel";
};

function endName(end: End): string {
	switch (end.kind) {
		case "pod":
			return `${end.address} on ${end.node} answers`;
		case "node":
			return `${end.node} itself gets it, and refuses it unless a process listens`;
		case "drop":
			return `${end.node} drops it`;
		case "reject":
			return `${end.node} rejects it`;
		case "loopback":
			return "it stays in the client's own network";
		case "unreachable":
			return `no node or pod has ${end.address}`;
		case "unknown":
			return `unknown on ${end.node}`;
	}
}

const seenText = (seen: readonly string[], { place }: ReportedClient): string =>
	`${shortList(seen, 70)}${place.ip === undefined || seen.includes(place.ip) ? "" : `, not ${place.ip}`}`;

/** What a node's rules do with a packet, each hop in a few words. */
import type { Hop } from "../../../netfilter/model.ts";
import type { JourneyWithHops } from "../../../verification/journey/model.ts";
import { effectNames } from "../journeyInWords.ts";

/** Numbered as in the words; several branches have no numbers, and share their common hops. */
export function stepsOn(node: string, { branches, hops }: JourneyWithHops): string[] {
	const lists = branches.flatMap(({ legs }) =>
		legs.flatMap((leg, i) => {
			if (leg.node !== node) return [];
			const before = legs.slice(0, i).reduce((count, { hops }) => count + hops.length, 0);
			const steps = leg.hops.flatMap((index) => hops[index] ?? []).map(stepOf);
			return [branches.length > 1 ? steps : steps.map((step, j) => `${before + j + 1}. ${step}`)];
		}),
	);
	return merged(lists);
}

/** Each line once; a line that only a later list has keeps its place between that list's lines. */
function merged(lists: readonly string[][]): string[] {
	const lines: string[] = [];
	for (const list of lists) {
		let last = -1;
		for (const line of list) {
			if (!lines.includes(line)) lines.splice(last + 1, 0, line);
			last = lines.indexOf(line);
		}
	}
	return lines;
}

/** The chain that the packet goes to, or what happens to it. */
function stepOf({ effect, to = "" }: Hop): string {
	switch (effect) {
		case "jump":
		case "goto":
			return to;
		case "dnat":
		case "snat":
			return `${effectNames[effect]} to ${to}`;
		case "masquerade":
			return to === "" ? effect : `${effect} as ${to}`;
		default:
			return `${effect} ${to}`.trimEnd();
	}
}

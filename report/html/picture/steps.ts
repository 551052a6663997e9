/** What a node's rules do with a packet, a few words each: the hops as the picture lists them. */
import type { Hop } from "../../../netfilter/model.ts";
import type { CellWays, KeptWays } from "../../../verification/report.ts";
import { effectNames } from "../hopWords.ts";

/** Numbered as the words number them; where there are several ways, without numbers, and what they share once. */
export function stepsOn(node: string, { ways }: CellWays, hops: KeptWays["hops"]): string[] {
	const legs = ways.flatMap((way) => way.legs.flatMap((leg, i) => (leg.node === node ? { leg, way, i } : [])));
	const lists = legs.map(({ leg, way, i }) => {
		const before = way.legs.slice(0, i).reduce((count, leg) => count + leg.hops.length, 0);
		const steps = leg.hops.flatMap((place) => hops[place] ?? []).map(stepOf);
		return ways.length > 1 ? steps : steps.map((step, j) => `${before + j + 1}. ${step}`);
	});
	return merged(lists);
}

/** All lines, each once; what a later list has beside the earlier ones stands where that list has it. */
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

/** What a rule does with the packet, in few words: the chain that it goes to, or what becomes of it. */
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

/** Reads what a node's rules depend on: the node's network, the clients that `recent` remembers, and the kernel's sets. */
import { type NodeFacts, parseFacts, printFacts } from "../../kubernetes/nodeFacts.ts";
import { parseRecent, printRecent } from "../../netfilter/iptables/recent.ts";
import { type IpSets, parseIpsets } from "../../netfilter/node/ipsets.ts";
import { readFinding } from "../findings.ts";
import type { RulesGap } from "../nodeProblem.ts";
import type { NodeRules } from "./readNodeRules.ts";
import type { Read } from "./ruleOutputs.ts";

export interface Surroundings {
	facts: NodeFacts;
	/** The lists that contain each address; "unknown": they couldn't be read. */
	remembered: ReadonlyMap<string, string[]> | "unknown";
	/** undefined: no rule asks for sets, or they couldn't be read. */
	ipsets: IpSets | undefined;
	/** One for each read that failed: rules that depend on it are unknown, all others are not. */
	gaps: RulesGap[];
}

/** @param readElsewhere in a pod that may have more tools */
export async function readSurroundings(
	read: Read,
	readElsewhere: Read,
	rules: Promise<NodeRules>,
): Promise<Surroundings> {
	const ifMentioned = async <T>(match: string, source: RulesGap["source"], start: () => Promise<T>) =>
		(await rules).families.some(({ usual, other }) => `${usual.text}${other.text}`.includes(match))
			? orGap(source, start())
			: undefined;
	const [facts, remembered, ipsets] = await Promise.all([
		orGap("network", read(printFacts, parseFacts)),
		// With session affinity, a remembered client is sent to its endpoint again instead of a random one.
		ifMentioned(" -m recent ", "recent", () => read(printRecent, parseRecent)),
		ifMentioned(" --match-set ", "ipset", () => readElsewhere(["ipset", "save"], parseIpsets)),
	]);
	return {
		facts: facts.value ?? {},
		remembered: remembered ? (remembered.value ?? "unknown") : new Map(),
		ipsets: ipsets?.value,
		gaps: [facts, remembered, ipsets].flatMap((one) => one?.gap ?? []),
	};
}

async function orGap<T>(source: RulesGap["source"], reading: Promise<T>): Promise<{ value?: T; gap?: RulesGap }> {
	try {
		return { value: await reading };
	} catch (error) {
		const { problem } = readFinding("", error);
		return { gap: { source, present: "unknown", problem } };
	}
}

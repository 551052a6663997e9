/** One node's rules from the texts that its tools print, ready for packets. */
import { whyNotWhole } from "../iptables/completeness.ts";
import { type IptablesTables, parseIptablesSave, problemsOf as problemsOfIptables } from "../iptables/parse.ts";
import { walkIptables } from "../iptables/walk.ts";
import type { NodeNetwork, Packet, Path } from "../model.ts";
import { type NftablesRuleset, parseNftables, problemsOf as problemsOfNftables } from "../nftables/parse.ts";
import { nativeTables, walkNftables } from "../nftables/walk.ts";

/** What the tools of one node print, all of one address family. What is left out counts as empty. */
export interface RuleTexts {
	/** The output of `iptables-save` or `ip6tables-save`, with the back end that the node uses. */
	iptables?: string;
	/** The output of `iptables-legacy-save`, if the node has those tables as well. */
	legacy?: string;
	/** The output of `nft -j list ruleset`. Its tables of iptables are taken from `iptables`. */
	nftables?: string;
}

export interface WalkOptions {
	/**
	 * Lists and sets of session affinity ("KUBE-SEP-…", "affinity-…") that contain the packet's source.
	 * @default none, as for a client's first packet
	 */
	affinity?: Iterable<string>;
}

export interface Rules {
	/**
	 * All paths that the packet may take through the node, hop by hop; their probabilities add up to 1. A path whose end depends
	 * on something that isn't known ends as "unknown". Rules of NAT act on the first packet of a connection (ctstate NEW); for
	 * later packets, give the addresses after NAT.
	 * @throws if an address can't be parsed, or the packet isn't of the family of the iptables rules
	 */
	walk(packet: Packet, network: NodeNetwork, options?: WalkOptions): Path[];
	/** Every rule with a part that a walk can't evaluate, and why. */
	notUnderstood(): string[];
}

/**
 * Parses the rules of one node.
 * @throws if a text isn't the whole output of its tool
 */
export function parseRules({ iptables, legacy, nftables }: RuleTexts): Rules {
	const own = {
		...(iptables !== undefined && { iptables: parseSave("iptables", iptables) }),
		...(legacy !== undefined && { legacy: parseSave("legacy", legacy) }),
	};
	const ruleset = nftables === undefined ? { tables: [], strangeObjects: [] } : parseNft(nftables);
	// Without a table, a text doesn't show its family.
	const saves = Object.values(own).filter(({ tables }) => tables.size > 0);
	return {
		walk(packet, network, { affinity = [] } = {}) {
			const other = saves.find(({ family }) => family !== packet.family);
			if (other) throw new Error(`the packet is of ${packet.family}, the rules are of ${other.family}`);
			// The order of the tables is known if all are of one tool.
			return own.iptables && !own.legacy && nftables === undefined
				? walkIptables({ ...own.iptables, family: packet.family }, packet, network, { affinity })
				: walkNftables(ruleset, packet, network, { affinity, ...own });
		},
		notUnderstood() {
			const native = own.iptables ? nativeTables(ruleset, own.iptables) : ruleset;
			const lines = saves.flatMap(problemsOfIptables);
			return [
				...lines.map(({ line, text, reason }) => `line ${line}: ${text} (${reason})`),
				...problemsOfNftables(native),
			];
		},
	};
}

function parseSave(field: string, text: string): IptablesTables {
	const why = whyNotWhole(text);
	if (why !== undefined) throw new Error(`${field} isn't the whole output of iptables-save: ${why}`);
	return parseIptablesSave(text);
}

function parseNft(text: string): NftablesRuleset {
	try {
		return parseNftables(text);
	} catch (cause) {
		throw new Error(`nftables isn't the whole output of nft -j list ruleset: ${(cause as Error).message}`, { cause });
	}
}

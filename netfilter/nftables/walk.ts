/** Walks one packet through a node's rules of nftables. */

import { Network } from "../address.ts";
import { type Chains, walkBaseChain } from "../chain.ts";
import { type BaseChain, walkHooks } from "../hooks.ts";
import type { IptablesTables } from "../iptables/parse.ts";
import { iptablesBaseChains } from "../iptables/walk.ts";
import type { Family, NodeNetwork, Packet, Path } from "../model.ts";
import { toPaths } from "../paths.ts";
import { hooks } from "../state.ts";
import type { NftablesRuleset, Rule, Table, TableFamily } from "./parse.ts";
import { perform } from "./perform.ts";

/** What a walk may be told besides the rules. */
export interface NftablesWalkOptions {
	/** Sets of session affinity ("affinity-…") that hold the packet's source, besides what the ruleset's sets hold. */
	affinity?: Iterable<string>;
	/**
	 * The tables that iptables keeps in nftables, as iptables-save prints them: of those nft tells little more than names,
	 * and a walk that meets them without this says "unknown".
	 */
	iptables?: IptablesTables;
}

const families: Partial<Record<TableFamily, Family[]>> = { ip: ["ipv4"], ip6: ["ipv6"], inet: ["ipv4", "ipv6"] };

/**
 * All ways that the packet may take: several where rules draw lots, with probabilities that add up to 1. A rule that does
 * two things, such as to change the mark and to masquerade, gives two hops. Rules of NAT act on the first packet of a
 * connection (ctstate NEW); for later ones, give the addresses that NAT gave them.
 * @throws where an address of the packet or the node is none
 */
export function walkNftables(
	ruleset: NftablesRuleset,
	packet: Packet,
	network: NodeNetwork,
	{ affinity = [], iptables }: NftablesWalkOptions = {},
): Path[] {
	const own = new Network(network);
	return toPaths(walkHooks(baseChains(ruleset, own, iptables), packet, own, new Set(affinity)), packet, network.node);
}

/** Whether iptables keeps the table, so that its rules are read from what iptables-save prints. */
const keptByIptables = ({ family, name }: Table, iptables: IptablesTables | undefined): boolean =>
	iptables !== undefined && nameOfFamily[iptables.family] === family && iptables.tables.has(name);

const nameOfFamily: Record<Family, TableFamily> = { ipv4: "ip", ipv6: "ip6" };

/** What a walk of that family reads as nftables: without tables that iptables keeps, and those that see other packets. */
export function nativeTables({ tables, strangeObjects }: NftablesRuleset, iptables: IptablesTables): NftablesRuleset {
	const read = tables.filter((table) => families[table.family]?.includes(iptables.family));
	return { tables: read.filter((table) => !keptByIptables(table, iptables)), strangeObjects };
}

/**
 * The chains that the kernel itself calls, ready to be walked. Of those with equal priority it asks the youngest first
 * (nf_hook_entries_grow in net/netfilter/core.c), and nft lists the oldest first.
 */
function baseChains({ tables }: NftablesRuleset, network: Network, iptables: IptablesTables | undefined): BaseChain[] {
	const kept = iptables ? iptablesBaseChains(iptables, network) : [];
	const chains = tables.flatMap((table) => {
		if (keptByIptables(table, iptables)) return kept.filter((chain) => chain.table === table.name);
		return baseChainsOf(table, families[table.family] ?? [], network);
	});
	return chains.reverse();
}

function baseChainsOf(table: Table, seen: readonly Family[], network: Network): BaseChain[] {
	const chains = chainsOf(table, network);
	return [...table.chains.values()].flatMap(({ name, base }): BaseChain[] => {
		const hook = hooks.find((hook) => hook === base?.hook);
		if (!base || !hook) return [];
		const type = base.type === "nat" ? "nat" : "filter";
		const policy = { verdict: base.policy, rule: `policy ${base.policy}` };
		const walk: BaseChain["walk"] = (branch) => walkBaseChain(chains, name, policy, branch);
		return [{ table: table.name, name, families: seen, type, hook, priority: base.priority, walk }];
	});
}

const chainsOf = (table: Table, network: Network): Chains<Rule> => ({
	table: table.name,
	rulesOf: (chain) => table.chains.get(chain)?.rules,
	apply: (rule, state, chain) => perform(rule, state, { table, chain, network }),
});

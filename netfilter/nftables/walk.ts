/** Walks a packet through a node's nftables rules, and through those of iptables next to them. */

import type { IptablesTables } from "../iptables/parse.ts";
import { chainsByTable, iptablesBaseChains, legacyChains } from "../iptables/walk.ts";
import type { Family, NodeNetwork, Packet, Path } from "../model.ts";
import { Network } from "../node/hostNetwork.ts";
import { type Affinity, hooks } from "../packet/state.ts";
import { toPaths } from "../paths.ts";
import { type Chains, walkBaseChain } from "../traversal/chain.ts";
import type { BaseChain } from "../traversal/hooks.ts";
import { walkTables } from "../traversal/tableAges.ts";
import { deviceChain, perhaps } from "./deviceChains.ts";
import { type NftablesRuleset, nameOfFamily, type Rule, type Table, type TableFamily } from "./parse.ts";
import { perform } from "./perform.ts";

export interface NftablesWalkOptions {
	/** Sets of session affinity ("affinity-…") that contain the packet's source, besides what the ruleset's sets contain. */
	affinity?: Affinity;
	/**
	 * The tables of iptables, as iptables-save prints them. Of those that iptables keeps in nftables, nft shows little more
	 * than names, and without this a walk through them ends in "unknown".
	 */
	iptables?: IptablesTables;
	/** The tables of legacy iptables, if the node has those too. */
	legacy?: IptablesTables;
}

const families: Partial<Record<TableFamily, Family[]>> = {
	ip: ["ipv4"],
	ip6: ["ipv6"],
	inet: ["ipv4", "ipv6"],
	netdev: ["ipv4", "ipv6"],
	bridge: ["ipv4", "ipv6"],
};

/**
 * All paths that the packet may take; their probabilities add up to 1. A rule that does two things, such as changing the
 * mark and masquerading, makes two hops. Rules of NAT act on the first packet of a connection (ctstate NEW); for later
 * packets, give the addresses after NAT.
 * @throws if an address of the packet or the node can't be parsed
 */
export function walkNftables(
	ruleset: NftablesRuleset,
	packet: Packet,
	network: NodeNetwork,
	{ affinity = [], iptables, legacy }: NftablesWalkOptions = {},
): Path[] {
	const own = new Network(network);
	const floating = [
		...(iptables ? chainsByTable(unlisted(iptables, ruleset), own) : []),
		...legacyChains(iptables, legacy, own),
	];
	const ends = walkTables(baseChains(ruleset, own, iptables), floating, packet, own, affinity);
	return toPaths(ends, packet, network.node);
}

/** The tables of iptables that nft doesn't list. */
function unlisted(iptables: IptablesTables, { tables }: NftablesRuleset): IptablesTables {
	const listed = new Set(tables.filter((table) => isOfIptables(table, iptables)).map(({ name }) => name));
	return { ...iptables, tables: new Map([...iptables.tables].filter(([name]) => !listed.has(name))) };
}

/** Whether iptables-save prints the table too. */
const isOfIptables = ({ family, name }: Table, iptables: IptablesTables | undefined): boolean =>
	iptables !== undefined && nameOfFamily[iptables.family] === family && iptables.tables.has(name);

/** Whether the table's rules are taken from iptables-save: nft shows only the names of what iptables wrote. */
const keptByIptables = (table: Table, iptables: IptablesTables | undefined): boolean =>
	isOfIptables(table, iptables) && iptables?.tables.get(table.name)?.incomplete === undefined;

/** The tables that a walk of that family reads as nftables: without those of iptables and of other families. */
export function nativeTables({ tables, strangeObjects }: NftablesRuleset, iptables: IptablesTables): NftablesRuleset {
	const read = tables.filter((table) => families[table.family]?.includes(iptables.family));
	return { tables: read.filter((table) => !keptByIptables(table, iptables)), strangeObjects };
}

/**
 * All base chains. Of those with equal priority, the kernel calls the youngest first (nf_hook_entries_grow in
 * net/netfilter/core.c), and nft lists the oldest first.
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
		if (!base || !hook || table.dormant === true) return [];
		const type = base.type === "nat" ? "nat" : "filter";
		const policy = { verdict: base.policy, rule: `policy ${base.policy}` };
		const awake: BaseChain["walk"] = (...entry) => walkBaseChain(chains, name, policy, ...entry);
		const walk = table.dormant ? perhapsAwake(table, name, awake) : awake;
		if (table.family === "bridge" || hook === "ingress" || hook === "egress") {
			const chain = deviceChain(table, { name, base }, seen, network, walk);
			return chain ? [chain] : [];
		}
		return [{ table: table.name, name, families: seen, type, hook, priority: base.priority, walk }];
	});
}

/** A table that may be dormant. */
function perhapsAwake({ name: table }: Table, chain: string, awake: BaseChain["walk"]): BaseChain["walk"] {
	const rule = { table, chain, rule: `table ${table}` };
	return perhaps(rule, "the table has a flag that this version of nft doesn't name: it may be dormant", awake);
}

const chainsOf = (table: Table, network: Network): Chains<Rule> => ({
	table: table.name,
	rulesOf: (chain) => table.chains.get(chain)?.rules,
	apply: (rule, state, chain, walker, next) => perform(rule, state, { table, chain, network }, walker, next),
});

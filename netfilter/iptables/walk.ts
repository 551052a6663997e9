/** Walks a packet through a node's iptables rules. */

import type { Family, NodeNetwork, Packet, Path } from "../model.ts";
import { Network } from "../node/hostNetwork.ts";
import { type Affinity, type Hook, type PacketState, type RuleReference, recorded } from "../packet/state.ts";
import { toPaths } from "../paths.ts";
import { type Chains, type Next, type Step, walkBaseChain } from "../traversal/chain.ts";
import type { BaseChain } from "../traversal/hooks.ts";
import { walkTables } from "../traversal/tableAges.ts";
import type { Branch, Continuation, FinishedBranch, Walker } from "../traversal/walker.ts";
import { cannotMatch, judge } from "./conditions/evaluateMatches.ts";
import { objectOf } from "./iptablesObjects.ts";
import type { Chain, IptablesTables, Table } from "./parse.ts";
import { performTarget } from "./performTarget.ts";
import type { Rule } from "./rule.ts";

export interface WalkOptions {
	/**
	 * The lists of session affinity ("KUBE-SEP-…") and of others' rules that contain the packet's source; empty for a client's
	 * first packet. "first": the same, but what others' lists contain isn't known.
	 */
	affinity?: Affinity;
}

/**
 * All paths that the packet may take; their probabilities add up to 1. Rules of NAT act on the first packet of a
 * connection (ctstate NEW); for later packets, give the addresses after NAT.
 * @throws if an address can't be parsed, or the packet and the tables differ in family
 */
export function walkIptables(
	tables: IptablesTables,
	packet: Packet,
	network: NodeNetwork,
	{ affinity = [] }: WalkOptions = {},
): Path[] {
	if (packet.family !== tables.family) {
		throw new Error(`the packet is of ${packet.family}, the rules are of ${tables.family}`);
	}
	const own = new Network(network);
	const legacy = legacyChains(tables, undefined, own);
	const ends = walkTables(iptablesBaseChains(tables, own), legacy, packet, own, affinity);
	return toPaths(ends, packet, network.node);
}

/** The chains of each table of legacy iptables. Those that exist and couldn't be read may change every packet. */
export function legacyChains(
	tables: IptablesTables | undefined,
	legacy: IptablesTables | undefined,
	network: Network,
): BaseChain[][] {
	const read = legacy ?? (tables?.legacyTablesPresent ? unreadTables(tables.family) : undefined);
	return read ? chainsByTable(read, network) : [];
}

/** Tables that exist, of which nothing is known. */
export function unreadTables(
	family: Family,
	incomplete = "the node also has rules of legacy iptables, which weren't read",
): IptablesTables {
	const tables = Object.keys(priorities).map((name) => [name, { name, chains: new Map(), incomplete }] as const);
	return { family, tables: new Map(tables), strangeLines: [] };
}

/** Without tables that let every packet pass: their place in the order doesn't matter. */
export function chainsByTable(tables: IptablesTables, network: Network): BaseChain[][] {
	const acting = [...tables.tables.values()].filter(
		({ chains, incomplete }) =>
			incomplete !== undefined ||
			[...chains.values()].some(({ policy, rules }) => policy !== undefined && (policy === "DROP" || rules.length > 0)),
	);
	return acting.map((table) => iptablesBaseChains({ ...tables, tables: new Map([[table.name, table]]) }, network));
}

const hooks: Record<string, Hook> = {
	PREROUTING: "prerouting",
	INPUT: "input",
	FORWARD: "forward",
	OUTPUT: "output",
	POSTROUTING: "postrouting",
};

/** Priorities of the tables (linux/netfilter_ipv4.h). */
const priorities: Record<string, number> = { raw: -300, mangle: -150, nat: -100, filter: 0, security: 50 };

/** The priority of table nat depends on the hook: it decides which chain of type nat the kernel calls first. */
const priorityOf = (table: string, hook: Hook): number =>
	table === "nat" ? (hook === "prerouting" || hook === "output" ? -100 : 100) : (priorities[table] ?? 0);

/** The hooks of each table (man iptables); a table that isn't complete may have chains at all of them. */
const hooksOf = (table: string): readonly Hook[] =>
	tableHooks[table] ?? ["prerouting", "input", "forward", "output", "postrouting"];

const tableHooks: Record<string, Hook[]> = {
	raw: ["prerouting", "output"],
	nat: ["prerouting", "input", "output", "postrouting"],
	filter: ["input", "forward", "output"],
	security: ["input", "forward", "output"],
};

/** The base chains of all tables. */
export function iptablesBaseChains({ family, tables }: IptablesTables, network: Network): BaseChain[] {
	return [...tables.values()].flatMap((table) => {
		const chains = new TableWalk(table, network);
		return Object.entries(hooks).flatMap(([name, hook]): BaseChain[] => {
			const chain = table.chains.get(name);
			if (!chain?.policy && !(table.incomplete && hooksOf(table.name).includes(hook))) return [];
			const type = table.name === "nat" ? "nat" : "filter";
			const priority = priorityOf(table.name, hook);
			const walk: BaseChain["walk"] = (...entry) => chains.walk(name, chain, ...entry);
			return [{ table: table.name, name, families: [family], type, hook, priority, walk }];
		});
	});
}

class TableWalk implements Chains<Rule> {
	readonly table: string;
	private readonly content: Table;
	private readonly network: Network;

	constructor(table: Table, network: Network) {
		this.table = table.name;
		this.content = table;
		this.network = network;
	}

	walk(
		name: string,
		chain: Chain | undefined,
		walker: Walker,
		state: PacketState,
		accepted: Continuation,
	): FinishedBranch[] {
		const { table } = this;
		if (this.content.incomplete) {
			const rule = { table, chain: name, rule: `table ${table}` };
			const after = recorded(state, rule, { effect: "unknown", reason: this.content.incomplete });
			return [{ probability: 1, state: after, verdict: "unknown" }];
		}
		const verdict = chain?.policy === "DROP" ? "drop" : "accept";
		const policy = { verdict, rule: `policy DROP of chain ${name}` } as const;
		return walkBaseChain(this, name, policy, walker, state, accepted);
	}

	rulesOf(chain: string): readonly Rule[] | undefined {
		return this.content.chains.get(chain)?.rules;
	}

	apply(
		rule: Rule,
		state: PacketState,
		chain: string,
		walker: Walker,
		next: Next,
	): FinishedBranch[] | Step | undefined {
		if (cannotMatch(rule.firstMatches, state, this.network)) return undefined;
		const { matches, target } = rule.body;
		const { chance, met, missed, reason } = judge(matches, state, this.network);
		if (chance === 0) return missed === state ? undefined : { state: missed, verdict: "continue" };
		const isHarmless = target.kind === "none" || target.kind === "observe";
		if (isHarmless && met.affinity === state.affinity) return undefined;
		const reference = this.reference(rule, chain, state);
		const pass: Branch = { probability: 1 - chance, state: missed, verdict: "continue" };
		const { branches, reason: choice = "" } = performTarget(target, met, reference, this.content, this.network);
		const [only, ...others] = branches;
		if (reason === undefined && chance === 1 && only && others.length === 0) return only;
		const act = (branch: Branch) => () => walker.choose([{ ...branch, probability: chance }, pass], next);
		const acts = () => walker.oneOf({ state: met, rule: reference, reason: choice }, branches.map(act));
		if (reason === undefined) return acts();
		return walker.fork({ state, rule: reference, reason }, () => next(missed, "continue"), acts);
	}

	private reference(rule: Rule, chain: string, state: PacketState): RuleReference {
		const object = objectOf(rule, chain, this.content, state);
		const { comment } = rule.body;
		return { table: this.table, chain, rule: rule.text, ...(comment && { comment }), ...(object && { object }) };
	}
}

/** Walks one packet through a node's rules of iptables. */

import { Network } from "../address.ts";
import { type Branch, type Chains, type Ending, walkBaseChain } from "../chain.ts";
import { type BaseChain, walkHooks } from "../hooks.ts";
import type { NodeNetwork, Packet, Path } from "../model.ts";
import { masquerade, translateDestination, translateSource, withoutTracking } from "../nat.ts";
import { toPaths } from "../paths.ts";
import { defaultRejection } from "../rejection.ts";
import { type Hook, type PacketState, type RuleReference, recorded } from "../state.ts";
import { cannotMatch, judge } from "./evaluateMatches.ts";
import { objectOf } from "./iptablesObjects.ts";
import type { Chain, IptablesTables, Rule, Table } from "./parse.ts";
import type { Target } from "./targets.ts";

/** What a walk may be told besides the rules. */
export interface WalkOptions {
	/** The lists of session affinity ("KUBE-SEP-…") that hold the packet's source; none, as for a client's first packet. */
	affinity?: Iterable<string>;
}

/**
 * All ways that the packet may take: several where rules draw lots, with probabilities that add up to 1. Rules of NAT
 * act on the first packet of a connection (ctstate NEW); for later ones, give the addresses that NAT gave them.
 * @throws where an address of the packet or the node is none, or the packet and the tables differ in family
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
	return toPaths(walkHooks(iptablesBaseChains(tables, own), packet, own, new Set(affinity)), packet, network.node);
}

const hooks: Record<string, Hook> = {
	PREROUTING: "prerouting",
	INPUT: "input",
	FORWARD: "forward",
	OUTPUT: "output",
	POSTROUTING: "postrouting",
};

/** When the kernel asks each table (linux/netfilter_ipv4.h). */
const priorities: Record<string, number> = { raw: -300, mangle: -150, filter: 0, security: 50 };

/** Of table nat that depends on the hook: beside nftables' own chains it decides which translate first. */
const priorityOf = (table: string, hook: Hook): number =>
	table === "nat" ? (hook === "prerouting" || hook === "output" ? -100 : 100) : (priorities[table] ?? 0);

/** The chains that the kernel itself calls, ready to be walked. */
export function iptablesBaseChains({ family, tables }: IptablesTables, network: Network): BaseChain[] {
	return [...tables.values()].flatMap((table) => {
		const chains = new TableWalk(table, network);
		return Object.entries(hooks).flatMap(([name, hook]): BaseChain[] => {
			const chain = table.chains.get(name);
			if (!chain?.policy && !table.incomplete) return [];
			const type = table.name === "nat" ? "nat" : "filter";
			const priority = priorityOf(table.name, hook);
			const walk: BaseChain["walk"] = (branch) => chains.walk(name, chain, branch);
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

	walk(name: string, chain: Chain | undefined, branch: Branch): Branch<Ending>[] {
		const { table } = this;
		if (this.content.incomplete) {
			const rule = { table, chain: name, rule: `table ${table}` };
			const action = { effect: "unknown", reason: this.content.incomplete } as const;
			return [{ ...branch, state: recorded(branch.state, rule, action), verdict: "unknown" }];
		}
		const verdict = chain?.policy === "DROP" ? "drop" : "accept";
		return walkBaseChain(this, name, { verdict, rule: `policy DROP of chain ${name}` }, branch);
	}

	rulesOf(chain: string): readonly Rule[] | undefined {
		return this.content.chains.get(chain)?.rules;
	}

	apply(rule: Rule, state: PacketState, chain: string): Branch[] | undefined {
		if (cannotMatch(rule.firstMatches, state, this.network)) return undefined;
		const { matches, target } = rule.body;
		const { chance, met, missed, reason = "" } = judge(matches, state, this.network);
		const passes: Branch = { probability: 1, state: missed, verdict: "continue" };
		if (chance === 0) return missed === state ? undefined : [passes];
		// A rule that does nothing lets every packet pass, whether its conditions are understood or not.
		if ((target.kind === "none" || target.kind === "observe") && met === state) return undefined;
		const reference = this.reference(rule, chain, state);
		if (chance === "unknown") return [unknown(state, reference, reason)];
		const acts = { ...this.act(target, met, reference), probability: chance };
		return chance === 1 ? [acts] : [acts, { ...passes, probability: 1 - chance }];
	}

	private reference(rule: Rule, chain: string, state: PacketState): RuleReference {
		const object = objectOf(rule, chain, this.content, state);
		const { comment } = rule.body;
		return { table: this.table, chain, rule: rule.text, ...(comment && { comment }), ...(object && { object }) };
	}

	private act(target: Target, state: PacketState, rule: RuleReference): Branch {
		switch (target.kind) {
			case "accept":
			case "drop":
			case "return":
				return branch(recorded(state, rule, { effect: target.kind }), target.kind);
			case "reject": {
				const rejectedWith = target.with ?? defaultRejection(state.family);
				return branch(recorded(state, rule, { effect: "reject", with: rejectedWith }), "reject");
			}
			case "mark": {
				const mark = ((state.mark & ~target.mask) ^ target.value) >>> 0;
				return branch(recorded(state, rule, { effect: "mark", mark }, { mark }), "continue");
			}
			case "dnat":
				return branch(translateDestination(state, rule, target.to), "accept");
			case "snat":
				return branch(translateSource(state, rule, target.to), "accept");
			case "masquerade":
				return branch(masquerade(state, rule, this.network, target.random), "accept");
			case "notrack":
				return branch(withoutTracking(state, rule), "continue");
			case "chain":
				return this.call(target, state, rule);
			case "none":
			case "observe":
				return branch(state, "continue");
			case "unknown":
				return unknown(state, rule, `"${target.text}" is not understood`);
		}
	}

	private call({ name, goto }: { name: string; goto: boolean }, state: PacketState, rule: RuleReference): Branch {
		if (!this.content.chains.has(name)) {
			return unknown(
				state,
				rule,
				`"${name}" is neither a target that is understood nor a chain of table ${this.table}`,
			);
		}
		const kind = goto ? "goto" : "jump";
		return branch(recorded(state, rule, { effect: kind, to: name }), { kind, chain: name });
	}
}

const branch = (state: PacketState, verdict: Branch["verdict"]): Branch => ({ probability: 1, state, verdict });

const unknown = (state: PacketState, rule: RuleReference, reason: string): Branch =>
	branch(recorded(state, rule, { effect: "unknown", reason }), "unknown");

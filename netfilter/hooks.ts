/**
 * The order in which the kernel calls base chains: hook by hook, with routing in between, and NAT once per connection. It
 * doesn't depend on the tool: chains of iptables and of nftables see the same packet.
 */
import type { Network } from "./address.ts";
import { type Continuation, doubted, type FinishedBranch, sameResults, Walker } from "./chain.ts";
import { type Family, isReceived, type KernelSetting, type Packet } from "./model.ts";
import { type Conntrack, type Hook, hopRecordsOf, initialState, type PacketState, recorded } from "./state.ts";

export interface BaseChain {
	table: string;
	name: string;
	families: readonly Family[];
	type: "filter" | "nat";
	hook: Hook;
	/** The kernel calls lower ones first, and chains of equal priority in the given order. */
	priority: number;
	/** Follows a packet through the chain, and on by `accepted`. */
	walk(walker: Walker, state: PacketState, accepted: Continuation): FinishedBranch[];
}

/** Priorities of the kernel's own hooks (linux/netfilter_ipv4.h). The kernel calls chains of type nat from its NAT hooks. */
const priorities = { conntrack: -200, destinationNat: -100, sourceNat: 100 };

/** All branches of a packet's path through a node's netfilter; their probabilities add up to 1. */
export function walkHooks(
	chains: readonly BaseChain[],
	packet: Packet,
	network: Network,
	affinity: ReadonlySet<string>,
	kernelFirst = true,
): FinishedBranch[] {
	const walk = new HookWalk(chains, network, kernelFirst);
	const state = initialState(packet, affinity);
	return isReceived(packet) ? walk.received(state) : walk.sentByProcess(state);
}

/** Tables in all orders that their ages allow; beyond so many, the result of one order proves nothing. */
const mostOrders = 64;

/**
 * The same for tables whose age isn't known, such as those of legacy iptables next to those of nftables. Of chains with
 * equal priority, the kernel calls the youngest first (nf_hook_entries_grow in net/netfilter/core.c; also for NAT, where
 * nf_nat_register_fn keeps such a list), and a table's hooks are registered when it is first used.
 * @param ordered in the kernel's order
 * @param floating the chains of each table of unknown age
 */
export function walkTables(
	ordered: readonly BaseChain[],
	floating: readonly (readonly BaseChain[])[],
	...entry: [packet: Packet, network: Network, affinity: ReadonlySet<string>]
): FinishedBranch[] {
	const orders = ordersOf(ordered, floating);
	const [first, ...others] = orders.slice(0, mostOrders).flatMap((order) => {
		const kernelFirst = order.some(isTiedWithKernel) ? [true, false] : [true];
		return kernelFirst.map((isFirst) => () => walkHooks(order, ...entry, isFirst));
	});
	const ends = first?.() ?? [];
	const alternatives = others.map((walk) => walk());
	const isCertain = orders.length <= mostOrders && alternatives.every((other) => sameResults(ends, other));
	if (!isCertain) return ends.map(unordered);
	const sameHops = alternatives.every(
		(other) => JSON.stringify(ends.map(rulesOf)) === JSON.stringify(other.map(rulesOf)),
	);
	return sameHops ? ends : ends.map((end) => ({ ...end, unevaluated: [...(end.unevaluated ?? []), unknownAge] }));
}

const rulesOf = ({ state }: FinishedBranch): string[] =>
	hopRecordsOf(state).map(({ table, chain, rule }) => `${table} ${chain} ${rule}`);

const unknownAge = "which of its tables the node loaded first, which the rules don't show";

function ordersOf(ordered: readonly BaseChain[], floating: readonly (readonly BaseChain[])[]): BaseChain[][] {
	let orders: BaseChain[][] = [[...ordered]];
	for (const table of floating) {
		if (orders.length > mostOrders) return orders;
		orders = orders.flatMap((order) => {
			const ties = order.flatMap((one, index) => (table.some((own) => isTied(own, one)) ? [index] : []));
			const before = ties.map((index) => order.toSpliced(index, 0, ...table));
			return [[...order, ...table], ...before];
		});
	}
	return orders;
}

/** Whether only the age of two chains decides which of them the kernel calls first. */
const isTied = (one: BaseChain, other: BaseChain): boolean =>
	one.hook === other.hook &&
	place(one) === place(other) &&
	one.priority === other.priority &&
	one.families.some((family) => other.families.includes(family));

/** Whether the chain has the priority of one of the kernel's own hooks, which are registered when a rule first needs them. */
const isTiedWithKernel = ({ type, hook, priority }: BaseChain): boolean =>
	type === "filter" &&
	(priority === priorities.conntrack
		? hook === "prerouting" || hook === "output"
		: hook !== "forward" && priority === natPriority(hook));

function unordered(end: FinishedBranch): FinishedBranch {
	const rule = { table: "kernel", chain: "hooks", rule: "chains of equal priority" };
	return doubted(end, rule, `the result depends on ${unknownAge}`);
}

class HookWalk {
	private readonly walker = new Walker();
	private readonly chains: readonly BaseChain[];
	private readonly network: Network;
	/** Whether the kernel calls its own hooks before chains of equal priority. */
	private readonly kernelFirst: boolean;

	constructor(chains: readonly BaseChain[], network: Network, kernelFirst: boolean) {
		this.chains = chains;
		this.network = network;
		this.kernelFirst = kernelFirst;
	}

	received(state: PacketState): FinishedBranch[] {
		return this.pass("prerouting", state, (routed) => {
			const { sources, destination, inInterface } = routed;
			const setting = this.network.dropsReceived(sources[0], destination, inInterface);
			if (setting !== undefined) return droppedBy(setting, routed);
			return this.network.isLocal(destination) ? this.deliveredHere(routed) : this.forwarded(routed);
		});
	}

	sentByProcess(state: PacketState): FinishedBranch[] {
		return this.pass("output", this.leaving(state), (routed) => {
			const setting = this.network.refusesToSend(routed.sources[0], routed.destination);
			if (setting !== undefined) return droppedBy(setting, routed);
			return this.pass("postrouting", this.leaving(routed), (sent) =>
				this.network.isLocal(sent.destination) ? this.looped(sent) : delivered(sent),
			);
		});
	}

	private forwarded(state: PacketState): FinishedBranch[] {
		const setting = this.network.forwardingIsOff(state.family);
		if (setting !== undefined) return droppedBy(setting, { ...state, hook: "forward" });
		return this.pass("forward", this.leaving(state), (allowed) => this.pass("postrouting", allowed, delivered));
	}

	private deliveredHere(state: PacketState): FinishedBranch[] {
		return this.pass("input", { ...state, outInterface: "" }, delivered);
	}

	/** What a node sends to itself returns through lo as the same packet; NAT is already decided for its connection. */
	private looped(state: PacketState): FinishedBranch[] {
		return this.received({ ...state, inInterface: "lo", outInterface: "" });
	}

	private leaving(state: PacketState): PacketState {
		return { ...state, outInterface: this.network.interfaceTowards(state.destination) };
	}

	private pass(hook: Hook, entering: PacketState, passed: Continuation): FinishedBranch[] {
		const chains = this.inOrder(hook, entering.family);
		const from = (index: number, state: PacketState): FinishedBranch[] => {
			const chain = chains[index];
			if (!chain) return passed({ ...state, conntrack: settled(state.conntrack, hook) });
			const accepted: Continuation = (state) => from(index + 1, state);
			if (!isCalled(chain, state)) return accepted(state);
			return chain.walk(this.walker, entered(chain, state, this.kernelFirst), accepted);
		};
		return from(0, { ...entering, hook });
	}

	private inOrder(hook: Hook, family: Family): BaseChain[] {
		return this.chains
			.filter((chain) => chain.hook === hook && chain.families.includes(family))
			.sort((a, b) => place(a) - place(b) || this.natOrder(a, b) || a.priority - b.priority);
	}

	/** The order of a chain of type nat and another one with the priority of the kernel's NAT hook. */
	private natOrder(a: BaseChain, b: BaseChain): number {
		if (a.type === b.type) return 0;
		return (a.type === "nat") === this.kernelFirst ? -1 : 1;
	}
}

/** The kernel drops it while it chooses the route. */
function droppedBy(setting: KernelSetting, state: PacketState): FinishedBranch[] {
	const rule = { table: "kernel", chain: "routing", rule: `${setting.name} = ${setting.value}`, setting };
	return [{ probability: 1, state: recorded(state, rule, { effect: "drop" }), verdict: "drop" }];
}

const delivered: Continuation = (state) => [{ probability: 1, state, verdict: "delivered" }];

function entered(chain: BaseChain, state: PacketState, kernelFirst: boolean): PacketState {
	const from = kernelFirst ? priorities.conntrack : priorities.conntrack + 1;
	const seen = state.conntrack.seen || place(chain) >= from;
	return { ...state, conntrack: { ...state.conntrack, seen }, baseChain: `${chain.table} ${chain.name}` };
}

/**
 * The effective priority of a chain. The kernel calls all chains of type nat from its own NAT hook: their priorities only
 * order them among each other (nf_nat_inet_fn in net/netfilter/nf_nat_core.c).
 */
function place({ type, hook, priority }: BaseChain): number {
	return type === "nat" ? natPriority(hook) : priority;
}

const natPriority = (hook: Hook): number =>
	manipulates(hook) === "destination" ? priorities.destinationNat : priorities.sourceNat;

const manipulates = (hook: Hook): "destination" | "source" =>
	hook === "prerouting" || hook === "output" ? "destination" : "source";

/** Chains of type nat see only the first packet of a connection, until a rule has decided its NAT. */
function isCalled({ type, hook }: BaseChain, { conntrack }: PacketState): boolean {
	if (type !== "nat") return true;
	if (conntrack.state !== "NEW" && conntrack.state !== "RELATED") return false;
	return !(manipulates(hook) === "destination" ? conntrack.destinationSettled : conntrack.sourceSettled);
}

/** After a hook with NAT, the addresses of a connection are decided, even if no rule changed them. */
function settled(conntrack: Conntrack, hook: Hook): Conntrack {
	if (hook === "forward") return conntrack;
	const kind = manipulates(hook) === "destination" ? "destinationSettled" : "sourceSettled";
	return { ...conntrack, seen: true, [kind]: true };
}

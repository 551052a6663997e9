/**
 * The order in which the kernel calls base chains: hook by hook, with routing in between, and NAT once per connection. It
 * doesn't depend on the tool: chains of iptables and of nftables see the same packet.
 */

import { type Family, isReceived, type KernelSetting, type Packet } from "../model.ts";
import type { Network } from "../node/hostNetwork.ts";
import { bridgeSetting } from "../node/kernelSettings.ts";
import type { Conntrack } from "../packet/conntrack.ts";
import { type Affinity, type Hook, initialState, type PacketState, recorded } from "../packet/state.ts";
import { type Continuation, type FinishedBranch, unknownEnd, Walker } from "./walker.ts";

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
export const priorities = { conntrack: -200, destinationNat: -100, sourceNat: 100 };

/** All branches of a packet's path through a node's netfilter; their probabilities add up to 1. */
export function walkHooks(
	chains: readonly BaseChain[],
	packet: Packet,
	network: Network,
	affinity: Affinity,
	kernelFirst = true,
): FinishedBranch[] {
	const walk = new HookWalk(chains, network, kernelFirst);
	const state = initialState(packet, affinity);
	try {
		return isReceived(packet) ? walk.arrived(state) : walk.sentByProcess(state);
	} catch (error) {
		// Branches are followed by recursion.
		if (!(error instanceof RangeError)) throw error;
		const rule = { table: "kernel", chain: "hooks", rule: "all rules" };
		return unknownEnd(state, rule, "the packet meets too many conditions that can't be evaluated");
	}
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

	/** What a bridge forwards between its ports isn't routed, and the rules see it only if a setting says so. */
	arrived(entering: PacketState): FinishedBranch[] {
		if (!this.network.isBridged(entering)) return this.received(entering);
		return this.pass("ingress", { ...entering, bridged: true }, (state) => this.acrossBridge(state));
	}

	private acrossBridge(state: PacketState): FinishedBranch[] {
		const name = bridgeSetting(state.family);
		const value = this.network.settings.valueOf(name);
		const unseen = () => this.sent(this.leaving(state));
		if (value === "0") return unseen();
		const seen = () => this.bridged(state);
		if (value !== undefined) return seen();
		const rule = { table: "kernel", chain: "bridge", rule: name };
		const reason = `whether rules see packets between two ports of a bridge depends on ${name}, which is unknown`;
		return this.walker.fork({ state, rule, reason }, seen, unseen);
	}

	private bridged(state: PacketState): FinishedBranch[] {
		return this.pass("prerouting", state, (passed) => {
			const isRouted = passed.destination !== state.destination;
			if (isRouted) return this.routed({ ...passed, bridged: false });
			return this.pass("forward", this.leaving(passed), (allowed) => this.leave(allowed));
		});
	}

	private received(state: PacketState): FinishedBranch[] {
		return this.pass("ingress", state, (arrived) => this.pass("prerouting", arrived, (passed) => this.routed(passed)));
	}

	private routed(state: PacketState): FinishedBranch[] {
		const { sources, destination, inInterface } = state;
		const setting = this.network.dropsReceived(sources[0], destination, inInterface);
		if (setting !== undefined) return droppedBy(setting, state);
		return this.network.isLocal(destination) ? this.deliveredHere(state) : this.forwarded(state);
	}

	sentByProcess(state: PacketState): FinishedBranch[] {
		return this.pass("output", this.leaving(state), (routed) => {
			const setting = this.network.refusesToSend(routed.sources[0], routed.destination);
			if (setting !== undefined) return droppedBy(setting, routed);
			return this.leave(this.leaving(routed), (sent) =>
				this.network.isLocal(sent.destination) ? this.looped(sent) : delivered(sent),
			);
		});
	}

	private forwarded(state: PacketState): FinishedBranch[] {
		const setting = this.network.settings.forwardingIsOff(state.family);
		if (setting !== undefined) return droppedBy(setting, { ...state, hook: "forward" });
		return this.pass("forward", this.leaving(state), (allowed) => this.leave(allowed));
	}

	private leave(state: PacketState, after: Continuation = delivered): FinishedBranch[] {
		return this.pass("postrouting", state, (passed) => this.sent(passed, after));
	}

	private sent(state: PacketState, after: Continuation = delivered): FinishedBranch[] {
		return this.pass("egress", state, after);
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
	// Devices are before conntrack.
	const seen = state.conntrack.seen || (chain.hook !== "ingress" && place(chain) >= from);
	return { ...state, conntrack: { ...state.conntrack, seen }, baseChain: `${chain.table} ${chain.name}` };
}

/**
 * The effective priority of a chain. The kernel calls all chains of type nat from its own NAT hook: their priorities only
 * order them among each other (nf_nat_inet_fn in net/netfilter/nf_nat_core.c).
 */
export function place({ type, hook, priority }: BaseChain): number {
	return type === "nat" ? natPriority(hook) : priority;
}

export const natPriority = (hook: Hook): number =>
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
	if (hook === "forward" || hook === "ingress" || hook === "egress") return conntrack;
	const kind = manipulates(hook) === "destination" ? "destinationSettled" : "sourceSettled";
	return { ...conntrack, seen: true, [kind]: true };
}

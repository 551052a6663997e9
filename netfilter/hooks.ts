/**
 * The order in which the kernel asks its chains about a packet: hook by hook, with routing in between, and NAT once for a
 * connection. It is the same whichever tool wrote them: chains of iptables and of nftables may watch the same packet.
 */

import { type Address, type Network, parseAddress } from "./address.ts";
import type { Branch, Ending } from "./chain.ts";
import type { Family, Packet } from "./model.ts";
import type { Conntrack, Hook, PacketState } from "./state.ts";

/** A chain that the kernel itself calls. */
export interface BaseChain {
	table: string;
	name: string;
	families: readonly Family[];
	type: "filter" | "nat";
	hook: Hook;
	/** Lower is asked earlier; chains of equal priority are asked in the order in which they are given. */
	priority: number;
	/** All ways of a packet through the chain; where no rule ends one, the chain's policy does. */
	walk(branch: Branch): Branch<Ending>[];
}

/** Priorities of the kernel's own hooks (linux/netfilter_ipv4.h). Chains of type nat are asked where NAT is done. */
const priorities = { conntrack: -200, destinationNat: -100, sourceNat: 100 };

/** A packet's way is over, or it left the rules on its way to its destination. */
export type FinishedBranch = Branch<Exclude<Ending, "accept"> | "delivered">;

/** All ways of a packet through a node's netfilter; its probabilities add up to 1. */
export function walkHooks(
	chains: readonly BaseChain[],
	packet: Packet,
	network: Network,
	affinity: ReadonlySet<string>,
): FinishedBranch[] {
	const walk = new HookWalk(chains, network);
	const start: Branch = { probability: 1, state: initialState(packet, affinity), verdict: "continue" };
	if (packet.inInterface === undefined) walk.sentByProcess(start);
	else walk.received(start);
	return walk.finished;
}

/** @throws where the packet's addresses cannot be read or are not of its family */
function initialState(packet: Packet, affinity: ReadonlySet<string>): PacketState {
	return {
		family: packet.family,
		protocol: packet.protocol,
		sources: [addressOf(packet, packet.source)],
		sourcePort: packet.sourcePort,
		destination: addressOf(packet, packet.destination),
		destinationPort: packet.destinationPort,
		inInterface: packet.inInterface ?? "",
		outInterface: "",
		mark: packet.mark,
		conntrack: {
			seen: false,
			// The match's states DNAT and SNAT are properties of a connection whose first packet was seen long ago.
			state: packet.ctstate === "DNAT" || packet.ctstate === "SNAT" ? "ESTABLISHED" : packet.ctstate,
			destinationNat: packet.ctstate === "DNAT",
			sourceNat: packet.ctstate === "SNAT",
			destinationSettled: false,
			sourceSettled: false,
		},
		affinity,
		hook: packet.inInterface === undefined ? "output" : "prerouting",
		baseChain: "",
		lastHop: undefined,
	};
}

function addressOf({ family }: Packet, text: string): Address {
	const address = parseAddress(text);
	if (address?.kind() !== family) throw new Error(`the packet's address must be ${family}, got "${text}"`);
	return address;
}

class HookWalk {
	readonly finished: FinishedBranch[] = [];
	private readonly chains: readonly BaseChain[];
	private readonly network: Network;

	constructor(chains: readonly BaseChain[], network: Network) {
		this.chains = chains;
		this.network = network;
	}

	received(branch: Branch): void {
		for (const routed of this.pass("prerouting", branch)) {
			if (this.network.isLocal(routed.state.destination)) this.deliveredHere(routed);
			else this.forwarded(routed);
		}
	}

	sentByProcess(branch: Branch): void {
		for (const routed of this.pass("output", this.leaving(branch))) {
			for (const sent of this.pass("postrouting", this.leaving(routed))) {
				if (this.network.isLocal(sent.state.destination)) this.looped(sent);
				else this.finished.push({ ...sent, verdict: "delivered" });
			}
		}
	}

	private forwarded(branch: Branch): void {
		for (const allowed of this.pass("forward", this.leaving(branch))) {
			for (const sent of this.pass("postrouting", allowed)) this.finished.push({ ...sent, verdict: "delivered" });
		}
	}

	private deliveredHere(branch: Branch): void {
		for (const received of this.pass("input", changed(branch, { outInterface: "" }))) {
			this.finished.push({ ...received, verdict: "delivered" });
		}
	}

	/** What a node sends to itself comes back by lo as the same packet, of a connection whose NAT is settled. */
	private looped(branch: Branch): void {
		this.received(changed(branch, { inInterface: "lo", outInterface: "" }));
	}

	private leaving(branch: Branch): Branch {
		return changed(branch, { outInterface: this.network.interfaceTowards(branch.state.destination) });
	}

	/** The ways that go on after a hook; the others have arrived. */
	private pass(hook: Hook, branch: Branch): Branch[] {
		let passing = [changed(branch, { hook })];
		for (const chain of this.inOrder(hook, branch.state.family)) {
			passing = passing.flatMap((branch) => (asked(chain, branch.state) ? this.ask(chain, branch) : [branch]));
		}
		return passing.map((branch) => changed(branch, { conntrack: settled(branch.state.conntrack, hook) }));
	}

	private ask(chain: BaseChain, branch: Branch): Branch[] {
		const early = chain.priority < priorities.conntrack;
		const conntrack = { ...branch.state.conntrack, seen: branch.state.conntrack.seen || !early };
		const entering = changed(branch, { conntrack, baseChain: `${chain.table} ${chain.name}` });
		const passing: Branch[] = [];
		for (const { probability, state, verdict } of chain.walk(entering)) {
			if (verdict === "accept") passing.push({ probability, state, verdict: "continue" });
			else this.finished.push({ probability, state, verdict });
		}
		return passing;
	}

	private inOrder(hook: Hook, family: Family): BaseChain[] {
		return this.chains
			.filter((chain) => chain.hook === hook && chain.families.includes(family))
			.sort((a, b) => place(a) - place(b) || a.priority - b.priority);
	}
}

/**
 * Where in its hook a chain is asked. The kernel calls all chains of type nat from its own NAT hook, whatever their
 * priority, which only orders them among each other (nf_nat_inet_fn in net/netfilter/nf_nat_core.c).
 */
function place({ type, hook, priority }: BaseChain): number {
	if (type !== "nat") return priority;
	return manipulates(hook) === "destination" ? priorities.destinationNat : priorities.sourceNat;
}

const manipulates = (hook: Hook): "destination" | "source" =>
	hook === "prerouting" || hook === "output" ? "destination" : "source";

/** Chains of type nat see only the first packet of a connection, and none once a rule has settled its NAT. */
function asked({ type, hook }: BaseChain, { conntrack }: PacketState): boolean {
	if (type !== "nat") return true;
	if (conntrack.state !== "NEW" && conntrack.state !== "RELATED") return false;
	return !(manipulates(hook) === "destination" ? conntrack.destinationSettled : conntrack.sourceSettled);
}

/** After a hook with NAT, a connection that no rule touched is settled too: it keeps its addresses. */
function settled(conntrack: Conntrack, hook: Hook): Conntrack {
	if (hook === "forward") return conntrack;
	const kind = manipulates(hook) === "destination" ? "destinationSettled" : "sourceSettled";
	return { ...conntrack, seen: true, [kind]: true };
}

const changed = (branch: Branch, changes: Partial<PacketState>): Branch => ({
	...branch,
	state: { ...branch.state, ...changes },
});

/** Chains at the hooks of devices and bridges: they see packets before and after those of IP. */
import type { Family } from "../model.ts";
import type { Network } from "../node/hostNetwork.ts";
import type { Hook, PacketState, RuleReference } from "../packet/state.ts";
import type { BaseChain } from "../traversal/hooks.ts";
import type { BaseProperties, Table } from "./parse.ts";

type Walk = BaseChain["walk"];

/** Where a bridge's hooks are on the path of a packet, and whether they see what it forwards from one port to another. */
const bridgeHooks: Record<string, { hook: Hook; sees(state: PacketState): boolean }> = {
	prerouting: { hook: "ingress", sees: () => true },
	input: { hook: "ingress", sees: ({ bridged }) => !bridged },
	forward: { hook: "egress", sees: ({ bridged }) => bridged },
	output: { hook: "egress", sees: ({ bridged }) => !bridged },
	postrouting: { hook: "egress", sees: () => true },
};

/** undefined: the kernel doesn't call the chain for IP packets. */
export function deviceChain(
	{ family, name: table }: Table,
	chain: { name: string; base: BaseProperties },
	families: readonly Family[],
	network: Network,
	walk: Walk,
): BaseChain | undefined {
	const { name, base } = chain;
	const { priority } = base;
	const common = { table, name, families, type: "filter", priority } as const;
	if (family === "bridge") {
		const place = bridgeHooks[base.hook];
		return place && { ...common, hook: place.hook, walk: onBridge(chain, table, place, network, walk) };
	}
	if (base.hook !== "ingress" && base.hook !== "egress") return undefined;
	return { ...common, hook: base.hook, walk: onDevices(chain, table, base.hook, walk) };
}

/** A chain that sees the packet or doesn't: both are followed. */
export function perhaps(rule: RuleReference, reason: string, walk: Walk): Walk {
	return (walker, state, accepted) =>
		walker.fork(
			{ state, rule, reason },
			() => accepted(state),
			() => walk(walker, state, accepted),
		);
}

/**
 * A chain sees the packets of its devices. A packet of another interface may have passed one of them too, as the port of a
 * bridge or below a VLAN.
 */
function onDevices(
	{ name, base }: { name: string; base: BaseProperties },
	table: string,
	hook: Hook,
	walk: Walk,
): Walk {
	const { devices } = base;
	return (walker, state, accepted) => {
		const on = interfaceAt(hook, state);
		if (devices?.includes(on ?? "")) return walk(walker, state, accepted);
		if (on === "lo" || devices?.every((device) => device === "lo")) return accepted(state);
		const where = devices ? `device ${devices.join(", ")}` : "devices that nft doesn't show";
		const rule = { table, chain: name, rule: `hook ${hook} of ${where}` };
		const reason = `the chain sees only packets of ${where}, and whether this packet passes there is unknown`;
		return perhaps(rule, reason, walk)(walker, state, accepted);
	};
}

/** Its rules see the port of the bridge as the packet's interface, which is unknown. */
function onBridge(
	{ name, base }: { name: string; base: BaseProperties },
	table: string,
	{ hook, sees }: { hook: Hook; sees(state: PacketState): boolean },
	network: Network,
	walk: Walk,
): Walk {
	return (walker, state, accepted) => {
		const { inInterface, outInterface } = state;
		if (!sees(state) || !network.mayBeBridge(interfaceAt(hook, state))) return accepted(state);
		const rule = { table, chain: name, rule: `hook ${base.hook} of bridges` };
		const reason = "the chain sees only packets that pass a bridge, whose ports are unknown";
		const inside: Walk = (walker, seen, after) =>
			walk(walker, { ...seen, inInterface: undefined, outInterface: undefined }, (left) =>
				after({ ...left, inInterface, outInterface }),
			);
		return perhaps(rule, reason, inside)(walker, state, accepted);
	};
}

const interfaceAt = (hook: Hook, { inInterface, outInterface }: PacketState): string | undefined =>
	hook === "ingress" ? inInterface : outInterface;

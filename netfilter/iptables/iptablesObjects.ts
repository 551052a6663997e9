/** Finds the Kubernetes object that a rule of kube-proxy implements. */

import { withPort } from "../address.ts";
import type { ObjectReference } from "../model.ts";
import { destinationsOf } from "../packet/nat.ts";
import { lastService, type PacketState } from "../packet/state.ts";
import { serviceObject, servicePortIn } from "../service.ts";
import { chainPrefixes, endpointPrefix, serviceChains } from "./iptablesChainNames.ts";
import type { Table } from "./parse.ts";
import type { Rule } from "./rule.ts";

/** undefined: the rule doesn't belong to one object, or isn't kube-proxy's. */
export function objectOf(rule: Rule, chain: string, table: Table, state: PacketState): ObjectReference | undefined {
	if (!chain.startsWith("KUBE-")) return undefined;
	const { target } = rule.body;
	const called = target.kind === "chain" ? target.name : undefined;
	const service = serviceOf(rule, [chain, called ?? ""], state);
	const endpointChain = [chain, called].find((name) => name?.startsWith(endpointPrefix));
	const endpoint = endpointChain && endpointOf(endpointChain, table, state);
	if (!endpoint) return service;
	return { kind: "Endpoint", ...(service?.namespace && { namespace: service.namespace }), name: endpoint };
}

/**
 * The Service in the rule's comment, or that of the last hop: in very large clusters kube-proxy leaves comments out. The
 * names of the chains must agree with it.
 */
function serviceOf(rule: Rule, chains: string[], state: PacketState): ObjectReference | undefined {
	const named = servicePortIn(rule.body.comment);
	const hashed = chains.filter((chain) => Object.values(chainPrefixes).some((prefix) => chain.startsWith(prefix)));
	if (!named) {
		return hashed.length > 0 || chains.some((chain) => chain.startsWith(endpointPrefix))
			? lastService(state)
			: undefined;
	}
	const own: string[] = Object.values(serviceChains({ ...named, protocol: state.protocol }));
	return hashed.every((chain) => own.includes(chain)) ? serviceObject(named) : undefined;
}

/** The endpoint to which the chain's rule translates. */
function endpointOf(chain: string, table: Table, state: PacketState): string | undefined {
	for (const { body } of table.chains.get(chain)?.rules ?? []) {
		if (body.target.kind !== "dnat") continue;
		const [{ address, port = state.destinationPort } = {}, ...others] = destinationsOf(body.target.to) ?? [];
		return address && others.length === 0 ? withPort(address, port) : undefined;
	}
	return undefined;
}

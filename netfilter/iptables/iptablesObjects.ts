/** Which Kubernetes object a rule of kube-proxy's stands for. */

import { withPort } from "../address.ts";
import type { ObjectReference } from "../model.ts";
import { serviceObject, servicePortIn } from "../service.ts";
import { lastService, type PacketState } from "../state.ts";
import { chainPrefixes, endpointPrefix, serviceChains } from "./iptablesChainNames.ts";
import type { Rule, Table } from "./parse.ts";

/** The object, or undefined where the rule belongs to no single one or is not kube-proxy's. */
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
 * The Service that the rule's comment names, or, as in clusters so large that kube-proxy leaves comments out, the one
 * that the packet's last rule stood for. The names of the chains must agree with it.
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

/** Where the chain's rule sends its packets. */
function endpointOf(chain: string, table: Table, state: PacketState): string | undefined {
	for (const { body } of table.chains.get(chain)?.rules ?? []) {
		if (body.target.kind !== "dnat") continue;
		const { address, port } = body.target.to;
		return address && withPort(address, port ?? state.destinationPort);
	}
	return undefined;
}

/** Which Kubernetes object a rule of kube-proxy's nftables mode stands for. */

import { parseAddress, withPort } from "../address.ts";
import type { ObjectReference } from "../model.ts";
import { serviceObject, servicePortIn } from "../service.ts";
import { lastService, type PacketState } from "../state.ts";
import { servicePortOf } from "./names.ts";

/** Where a packet is, where the rule sends it, and what the map's element that did so has as comment. */
export interface Place {
	chain: string;
	called?: string;
	comment?: string | undefined;
}

/** The object, or undefined where the rule belongs to no single one or is not kube-proxy's. */
export function objectOf({ chain, called, comment }: Place, state: PacketState): ObjectReference | undefined {
	const named = servicePortIn(comment);
	if (named) return serviceObject(named);
	for (const name of [called, chain]) {
		const port = name === undefined ? undefined : servicePortOf(name);
		if (name === undefined || !port) continue;
		const endpoint = name.startsWith("endpoint-") ? endpointIn(name) : undefined;
		return endpoint ? endpointObject(port.namespace, endpoint) : serviceObject(port);
	}
	return chain === "reject-chain" ? lastService(state) : undefined;
}

/** The endpoint that a rule of such a chain translates to. */
export function endpointOf(chain: string, endpoint: string): ObjectReference | undefined {
	const port = servicePortOf(chain);
	return port && endpointObject(port.namespace, endpoint);
}

const endpointObject = (namespace: string, name: string): ObjectReference => ({ kind: "Endpoint", namespace, name });

/** "…__10.244.1.5/8080", or of IPv6 "…__fd00.10.244.1..5/8080": chains may not have colons in their names. */
function endpointIn(chain: string): string | undefined {
	const [, written = "", port] = chain.match(/__([^/]+)\/(\d+)$/) ?? [];
	const address = parseAddress(written) ?? parseAddress(written.replaceAll(".", ":"));
	return address && withPort(address, Number(port));
}

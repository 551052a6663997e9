/**
 * The names that kube-proxy gives to a Service's chains in nftables mode: they spell the Service out, after 8 characters
 * of a hash. Source: hashAndTruncate and its callers in k8s.io/kubernetes pkg/proxy/nftables.
 */
import { parseAddress, withPort } from "../address.ts";
import type { ObjectReference } from "../model.ts";
import { lastService, type PacketState } from "../packet/state.ts";
import { type ServicePort, serviceObject, servicePortIn, shortHash } from "../service.ts";

const prefixes = ["service-", "local-", "external-", "firewall-"] as const;

/** The names of all chains that a port of a Service may have; which of them there are depends on its policies. */
export function serviceChains(port: ServicePort): string[] {
	const base = hashed(spelled(port));
	return prefixes.map((prefix) => prefix + base);
}

/** A part of a name, and the Service's port that it spells. */
const serviceName =
	/^(?:service|local|external|firewall|endpoint)-[A-Z2-7]{8}-([^/]+)\/([^/]+)\/(tcp|udp|sctp)\/([^/]*?)(?:__.*)?$/;

/** The Service's port of a chain, where its hash agrees with what it spells. */
export function servicePortOf(chain: string): ServicePort | undefined {
	const [, namespace, name, protocol, portName] = chain.match(serviceName) ?? [];
	if (namespace === undefined || name === undefined || portName === undefined) return undefined;
	const whole = chain.slice(chain.indexOf("-") + 1);
	return hashed(whole.slice(9)) === whole
		? { namespace, name, portName, protocol: protocol as ServicePort["protocol"] }
		: undefined;
}

const spelled = ({ namespace, name, protocol, portName }: ServicePort): string =>
	`${namespace}/${name}/${protocol}/${portName}`;

const hashed = (name: string): string => `${shortHash(name, 8)}-${name}`;

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

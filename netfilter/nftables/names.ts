/**
 * The names that kube-proxy gives to a Service's chains in nftables mode: they spell the Service out, after 8 characters
 * of a hash. Source: hashAndTruncate and its callers in k8s.io/kubernetes pkg/proxy/nftables.
 */
import { type ServicePort, shortHash } from "../service.ts";

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

/**
 * The names that kube-proxy gives to a Service's chains: a prefix and 16 characters of a hash, so that they are found
 * without any comment. Source: portProtoHash and servicePortEndpointChainName in k8s.io/kubernetes pkg/proxy/iptables.
 */
import { type ServicePort, servicePortName, shortHash } from "../service.ts";

/** What each kind of chain is for; KUBE-XLB was KUBE-EXT and KUBE-SVL in one, until Kubernetes 1.23. */
export const chainPrefixes = {
	service: "KUBE-SVC-",
	local: "KUBE-SVL-",
	external: "KUBE-EXT-",
	firewall: "KUBE-FW-",
	oldExternal: "KUBE-XLB-",
} as const;

export const endpointPrefix = "KUBE-SEP-";

const hashLength = 16;

export type ServiceChains = Record<keyof typeof chainPrefixes, string>;

/** The names of all chains that a port of a Service may have; which of them there are depends on its policies. */
export function serviceChains(port: ServicePort): ServiceChains {
	const hash = shortHash(servicePortName(port) + port.protocol, hashLength);
	const named = (kind: keyof typeof chainPrefixes) => chainPrefixes[kind] + hash;
	return {
		service: named("service"),
		local: named("local"),
		external: named("external"),
		firewall: named("firewall"),
		oldExternal: named("oldExternal"),
	};
}

/** @param endpoint "10.244.1.9:8080", "[fd00::9]:8080" */
export const endpointChain = (port: ServicePort, endpoint: string): string =>
	endpointPrefix + shortHash(servicePortName(port) + port.protocol + endpoint, hashLength);

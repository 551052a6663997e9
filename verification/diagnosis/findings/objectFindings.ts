/** What the API objects alone show: the Service, its pods, its EndpointSlices and what selects them. */

import { endpointsOf, familiesOf, protocolOf } from "../../../kubernetes/familyViews.ts";
import { type EndpointState, isReady, isUsable } from "../../../kubernetes/objects.ts";
import type { ServiceReading } from "../../../kubernetes/source/serviceReading.ts";
import type { PodObject } from "../../../kubernetes/source/usedFields.ts";
import { parseAddress } from "../../../netfilter/address.ts";
import type { UnreadyPod, WeighedFinding } from "../diagnosisFinding.ts";
import { portReference } from "../serviceViews.ts";
import { nearestPods, selects, selectsByExpressions } from "./nearLabels.ts";
import { podReason } from "./podReason.ts";
import { targetPortFindings } from "./targetPort.ts";

export function objectFindings(reading: ServiceReading): WeighedFinding[] {
	return [
		...endpointFindings(reading),
		...hostPortFindings(reading),
		...loadBalancerFindings(reading),
		...policyFindings(reading),
	];
}

/** Those that can still become endpoints, or are. */
export const selectedPods = ({ service, pods = [] }: ServiceReading): PodObject[] =>
	service.spec.selector ? pods.filter((pod) => selects(service.spec.selector ?? {}, pod)) : [];

/** All endpoints of all ports and families. */
function allEndpoints({ service, endpointSlices = [] }: ServiceReading): EndpointState[] {
	const { ports: declared = [] } = service.spec;
	const ports = declared.length > 0 ? declared : [undefined];
	return familiesOf(service).flatMap((family) => ports.flatMap((port) => endpointsOf(endpointSlices, family, port)));
}

const usableOf = (reading: ServiceReading): EndpointState[] => allEndpoints(reading).filter(isUsable);

/** Also if it isn't known. */
const hasUsableEndpoint = (reading: ServiceReading): boolean =>
	reading.endpointSlices === undefined || usableOf(reading).length > 0;

const noReadyEndpoint = (pods: UnreadyPod[]): WeighedFinding => ({
	weight: "cause",
	finding: { kind: "noReadyEndpoint", pods },
});

function endpointFindings(reading: ServiceReading): WeighedFinding[] {
	const { service, pods, endpointSlices } = reading;
	const { selector } = service.spec;
	const { namespace = "", name } = service.metadata;
	if (!selector || Object.keys(selector).length === 0) {
		if (endpointSlices === undefined) return [];
		if (endpointSlices.some(({ endpoints = [] }) => endpoints.length > 0)) return slicePortFindings(reading);
		const inspect = ["kubectl", "-n", namespace, "get", "endpointslices", "-l", `kubernetes.io/service-name=${name}`];
		return [{ weight: "cause", finding: { kind: "noEndpointObjects" }, inspect }];
	}
	if (pods === undefined) return hasUsableEndpoint(reading) ? [] : [noReadyEndpoint([])];
	const own = selectedPods(reading);
	if (own.length === 0) return [selectorFinding(reading, selector, pods)];
	return [...readinessFindings(reading, own), ...targetPortFindings(service, own)];
}

/** The ports of a Service without a selector that no EndpointSlice has. */
function slicePortFindings({ service, endpointSlices = [] }: ServiceReading): WeighedFinding[] {
	const found = endpointSlices.flatMap(({ ports = [] }) =>
		ports.flatMap(({ name = "", port, protocol }) =>
			port === undefined ? [] : [{ name, port, protocol: protocolOf({ protocol }) }],
		),
	);
	const unserved = (service.spec.ports ?? []).filter((port) =>
		familiesOf(service).every((family) => endpointsOf(endpointSlices, family, port).length === 0),
	);
	return unserved.map((port) => ({
		weight: "cause",
		finding: { kind: "slicePort", port: portReference(port), found },
	}));
}

function selectorFinding(
	{ service }: ServiceReading,
	selector: Record<string, string>,
	pods: readonly PodObject[],
): WeighedFinding {
	const { namespace = "", name } = service.metadata;
	const nearest = nearestPods(selector, pods);
	const changed = nearest && {
		...(nearest.foundKey !== undefined && { [nearest.key]: null, [nearest.foundKey]: nearest.expected }),
		...(nearest.found !== undefined && { [nearest.key]: nearest.found }),
	};
	const patch = JSON.stringify({ spec: { selector: changed } });
	return {
		weight: "cause",
		finding: { kind: "selectorMatchesNothing", selector, pods: pods.length, ...(nearest && { nearest }) },
		inspect: ["kubectl", "-n", namespace, "get", "pods", "--show-labels"],
		...(changed &&
			Object.keys(changed).length > 0 && { fix: ["kubectl", "-n", namespace, "patch", "service", name, "-p", patch] }),
	};
}

function readinessFindings(reading: ServiceReading, own: readonly PodObject[]): WeighedFinding[] {
	const { endpointSlices, nodes, service, gaps } = reading;
	if (endpointSlices === undefined) return [];
	const usable = usableOf(reading);
	const inSlice = new Set(usable.map(({ pod }) => pod));
	const knowsNodes = !gaps.some(({ subject }) => subject === "nodes");
	const readyNodes = knowsNodes ? nodes.filter(isReady).map(({ metadata }) => metadata.name) : undefined;
	const unready = own.filter(({ metadata }) => !inSlice.has(metadata.name)).map((pod) => unreadyPod(pod, readyNodes));
	// A pod without the named port is ready, but isn't an endpoint of that port: the finding about targetPort says so.
	const isLate = ({ reason }: UnreadyPod) => reason.kind === "notInSlice";
	const explained = unready.filter((pod) => !isLate(pod));
	const { namespace = "" } = service.metadata;
	const [first] = explained;
	const inspect = first && ["kubectl", "-n", namespace, "describe", "pod", first.pod];
	if (usable.length > 0 && usable.every(({ ready }) => !ready)) {
		// They answer until they end: kube-proxy uses them only because there are no others.
		const leaving = usable.flatMap(({ pod }) => own.find(({ metadata }) => metadata.name === pod) ?? []);
		const pods = leaving.map((pod): UnreadyPod => unreadyPod(pod, readyNodes));
		return [{ ...noReadyEndpoint([...pods, ...explained]), weight: "suspect", ...(inspect && { inspect }) }];
	}
	if (usable.length > 0) {
		// Old pods of a finished Job or an eviction are no news while others serve.
		const waiting = explained.filter(({ reason }) => reason.kind !== "ended" && reason.kind !== "terminating");
		if (waiting.length === 0) return [];
		const ready = new Set(usable.map(({ pod, ip }) => pod || ip)).size;
		return [{ weight: "note", finding: { kind: "unreadyPods", pods: waiting, ready }, ...(inspect && { inspect }) }];
	}
	if (explained.length > 0) {
		return [{ ...noReadyEndpoint(unready), ...(inspect && { inspect }) }];
	}
	if (targetPortFindings(service, own).some(({ weight }) => weight === "cause")) return [];
	return [noReadyEndpoint(unready)];
}

const unreadyPod = (pod: PodObject, readyNodes: readonly string[] | undefined): UnreadyPod => ({
	pod: pod.metadata.name,
	...(pod.spec.nodeName !== undefined && { node: pod.spec.nodeName }),
	reason: podReason(pod, readyNodes),
});

/** By the API alone it isn't certain which of both gets the packets: the rules of the node decide. */
function hostPortFindings({ service, hostPortPods = [] }: ServiceReading): WeighedFinding[] {
	return (service.spec.ports ?? []).flatMap((port): WeighedFinding[] => {
		const { nodePort } = port;
		if (nodePort === undefined || nodePort === 0) return [];
		const uses = ({ spec }: PodObject) =>
			spec.containers.some(({ ports = [] }) =>
				ports.some(
					(own) =>
						own.hostPort === nodePort &&
						protocolOf(own) === protocolOf(port) &&
						parseAddress(own.hostIP ?? "")?.range() !== "loopback",
				),
			);
		const pods = hostPortPods.filter(uses).map(({ metadata, spec }) => ({
			pod: `${metadata.namespace ?? ""}/${metadata.name}`,
			...(spec.nodeName !== undefined && { node: spec.nodeName }),
		}));
		if (pods.length === 0) return [];
		return [{ weight: "suspect", finding: { kind: "hostPort", port: nodePort, protocol: protocolOf(port), pods } }];
	});
}

function loadBalancerFindings({ service }: ServiceReading): WeighedFinding[] {
	const { spec, status, metadata } = service;
	if (spec.type !== "LoadBalancer" || (status?.loadBalancer?.ingress ?? []).length > 0) return [];
	const { loadBalancerClass } = spec;
	const inspect = ["kubectl", "-n", metadata.namespace ?? "", "describe", "service", metadata.name];
	const finding = {
		kind: "loadBalancerPending" as const,
		...(loadBalancerClass !== undefined && { loadBalancerClass }),
	};
	return [{ weight: "suspect", finding, inspect }];
}

/** NetworkPolicies that restrict what reaches the pods. They are named: what they allow isn't evaluated. */
function policyFindings(reading: ServiceReading): WeighedFinding[] {
	const { networkPolicies = [], service } = reading;
	const own = selectedPods(reading);
	const restricting = networkPolicies.filter(
		({ spec }) =>
			(spec?.policyTypes ?? ["Ingress"]).includes("Ingress") &&
			own.some((pod) => selectsByExpressions(spec?.podSelector ?? {}, pod)),
	);
	if (restricting.length === 0) return [];
	const { namespace = "" } = service.metadata;
	const policies = restricting.map(({ metadata }) => metadata.name);
	const inspect = ["kubectl", "-n", namespace, "describe", "networkpolicy", ...policies];
	return [{ weight: "note", finding: { kind: "networkPolicies", policies, pods: own.length }, inspect }];
}

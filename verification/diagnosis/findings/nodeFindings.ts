/** What the API objects show about the nodes. */

import { protocolOf } from "../../../kubernetes/familyViews.ts";
import { isReady } from "../../../kubernetes/objects.ts";
import type { ServiceReading } from "../../../kubernetes/source/serviceReading.ts";
import type { NodeObject } from "../../../kubernetes/source/usedFields.ts";
import { contains, parseAddress, parseRange } from "../../../netfilter/address.ts";
import type { PortReference, WeighedFinding } from "../diagnosisFinding.ts";
import { inspectedNodes, portReference, type ServiceView } from "../serviceViews.ts";

export function nodeFindings(reading: ServiceReading, views: readonly ServiceView[]): WeighedFinding[] {
	return [...readinessFindings(reading), ...localFindings(reading, views), ...addressFindings(reading)];
}

function readinessFindings({ nodes, service, endpointSlices = [] }: ServiceReading): WeighedFinding[] {
	const all = endpointSlices.flatMap(({ endpoints = [] }) => endpoints);
	const hasNodePort = (service.spec.ports ?? []).some(({ nodePort }) => nodePort !== undefined);
	return nodes
		.filter((node) => !isReady(node))
		.map((node): WeighedFinding => {
			const { name } = node.metadata;
			const ready = node.status?.conditions?.find(({ type }) => type === "Ready");
			const own = all.filter(({ nodeName }) => nodeName === name);
			// With two address families, a pod is in two slices.
			const endpoints = new Set(own.map(({ targetRef, addresses }) => targetRef?.name ?? addresses[0])).size;
			return {
				// A node whose kubelet alone has stopped still serves, until its rules are outdated.
				weight: endpoints > 0 || hasNodePort ? "suspect" : "note",
				finding: {
					kind: "nodeNotReady",
					node: name,
					...(ready?.reason !== undefined && { reason: ready.reason }),
					...(ready?.message !== undefined && { message: ready.message }),
					endpoints,
				},
				inspect: ["kubectl", "describe", "node", name],
			};
		});
}

/** With traffic policy Local, a node without a pod of the Service drops the request. */
function localFindings({ service }: ServiceReading, views: readonly ServiceView[]): WeighedFinding[] {
	const { externalTrafficPolicy, internalTrafficPolicy, ports = [] } = service.spec;
	const isExternal = externalTrafficPolicy === "Local" && ports.some(({ nodePort }) => nodePort !== undefined);
	// A load balancer asks each node's healthCheckNodePort, and sends nothing to nodes without a pod.
	const weight = service.spec.healthCheckNodePort === undefined ? "cause" : "note";
	return [
		...(isExternal ? byNodes("external", views, weight) : []),
		...(internalTrafficPolicy === "Local" ? byNodes("internal", views, "cause") : []),
	];
}

/** Ports with endpoints on the same nodes are one finding, which names them if others differ. */
function byNodes(
	policy: "external" | "internal",
	views: readonly ServiceView[],
	weight: WeighedFinding["weight"],
): WeighedFinding[] {
	const groups = new Map<string, { nodes: string[]; nodesWithPod: string[]; ports: Map<string, PortReference> }>();
	for (const { snapshot, port } of views) {
		const nodesWithPod = [...new Set(snapshot.endpoints.map(({ node }) => node))];
		const nodes = snapshot.nodes.map(({ name }) => name).filter((name) => !nodesWithPod.includes(name));
		const key = JSON.stringify([nodes, nodesWithPod]);
		const group = groups.get(key) ?? { nodes, nodesWithPod, ports: new Map() };
		group.ports.set(`${port.port}/${protocolOf(port)}`, portReference(port));
		groups.set(key, group);
	}
	return [...groups.values()].flatMap(({ nodes, nodesWithPod, ports }): WeighedFinding[] => {
		if (nodesWithPod.length === 0 || nodes.length === 0) return [];
		const named = groups.size > 1 ? { ports: [...ports.values()] } : {};
		return [{ weight, finding: { kind: "localWithoutPod", policy, ...named, nodes, nodesWithPod } }];
	});
}

/** Nodes none of whose addresses is in kube-proxy's nodePortAddresses. */
function addressFindings(reading: ServiceReading): WeighedFinding[] {
	const addresses = reading.proxyConfig?.nodePortAddresses ?? [];
	if (addresses.length === 0 || addresses.includes("primary")) return [];
	if (!(reading.service.spec.ports ?? []).some(({ nodePort }) => nodePort !== undefined)) return [];
	const ranges = addresses.flatMap((text) => parseRange(text) ?? []);
	const isServed = ({ status }: NodeObject) =>
		(status?.addresses ?? [])
			.filter(({ type }) => type === "InternalIP")
			.some(({ address }) => {
				const parsed = parseAddress(address);
				return parsed && ranges.some((range) => contains(range, parsed));
			});
	const nodes = inspectedNodes(reading)
		.filter((node) => !isServed(node))
		.map(({ metadata }) => metadata.name);
	if (nodes.length === 0) return [];
	const inspect = ["kubectl", "-n", "kube-system", "get", "configmap", "kube-proxy", "-o", "yaml"];
	return [{ weight: "cause", finding: { kind: "nodePortAddresses", addresses, nodes }, inspect }];
}

/** What the API objects show about the nodes and what serves Services on them. */
import { isReady } from "../../../kubernetes/objects.ts";
import { isVirtual, runsLinux } from "../../../kubernetes/source/nodeState.ts";
import { canServe, serviceProxyOf } from "../../../kubernetes/source/serviceProxies.ts";
import type { ServiceReading } from "../../../kubernetes/source/serviceReading.ts";
import type { NodeObject, PodObject } from "../../../kubernetes/source/usedFields.ts";
import { contains, parseAddress, parseRange } from "../../../netfilter/address.ts";
import type { PortReference, WeighedFinding } from "../diagnosisFinding.ts";
import { inspectedNodes, portReference, protocolOf, type ServiceView } from "../serviceViews.ts";

export function nodeFindings(reading: ServiceReading, views: readonly ServiceView[]): WeighedFinding[] {
	return [
		...proxyFindings(reading),
		...readinessFindings(reading),
		...localFindings(reading, views),
		...addressFindings(reading),
	];
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

/** kube-proxy is missing, ends, or isn't ready on a node. */
function proxyFindings(reading: ServiceReading): WeighedFinding[] {
	const { kubeProxies, agents, service, ciliumReplacesProxy } = reading;
	const named = serviceProxyOf(service);
	if (named !== undefined) {
		return [{ weight: "note", finding: { kind: "otherProxy", agents: [named], serves: "label" } }];
	}
	if (kubeProxies === undefined) return [];
	const serving = [...agents.keys()].filter(canServe);
	const names = inspectedNodes(reading)
		.filter(isUsable)
		.map(({ metadata }) => metadata.name);
	const virtual = new Set(reading.nodes.filter(isVirtual).map(({ metadata }) => metadata.name));
	const without = names.filter((name) => !kubeProxies.has(name) && !virtual.has(name));
	if (kubeProxies.size === 0) {
		// Without a pod of kube-proxy and without another program, it may be part of another process, as in k3s.
		if (serving.length === 0 && !ciliumReplacesProxy) return [];
		return [{ weight: "note", finding: { kind: "otherProxy", agents: serving, serves: "instead" } }];
	}
	const weight = ciliumReplacesProxy ? ("suspect" as const) : ("cause" as const);
	const missing: WeighedFinding[] =
		without.length === 0 ? [] : [{ weight, finding: { kind: "proxyMissing", nodes: without } }];
	const failing = names.flatMap((name) => {
		const pod = kubeProxies.get(name);
		return pod ? proxyFinding(reading, name, pod) : [];
	});
	return [...failing, ...missing, ...ciliumFindings(reading)];
}

/**
 * Cilium next to kube-proxy: with kube-proxy-replacement its programs get all packets first; without it, only those of pods to
 * ClusterIPs (cilium/cilium pull request 10651).
 */
function ciliumFindings({ agents, ciliumReplacesProxy }: ServiceReading): WeighedFinding[] {
	if (!agents.has("cilium")) return [];
	const serves = ciliumReplacesProxy ? ("beforeProxy" as const) : ("podClients" as const);
	return [{ weight: "note", finding: { kind: "otherProxy", agents: ["cilium"], serves } }];
}

const isUsable = (node: NodeObject): boolean => isReady(node) && runsLinux(node);

function proxyFinding({ proxyLogs }: ServiceReading, node: string, pod: PodObject): WeighedFinding[] {
	const { name, namespace = "" } = pod.metadata;
	const inspect = ["kubectl", "-n", namespace, "logs", name];
	const log = proxyLogs.get(node) ?? "";
	if (!isReady(pod)) {
		const status = pod.status?.containerStatuses?.[0];
		const reason = status?.state?.waiting?.reason ?? status?.state?.terminated?.reason ?? pod.status?.reason;
		const state = {
			pod: name,
			phase: pod.status?.phase ?? "",
			...(reason !== undefined && { reason }),
			restarts: status?.restartCount ?? 0,
		};
		const logLine = lastError(log) ?? lastLine(log);
		const finding = { kind: "proxyNotRunning" as const, node, state, ...(logLine !== undefined && { logLine }) };
		return [{ weight: "cause", finding, inspect }];
	}
	const logLine = failedSync(log);
	if (logLine === undefined) return [];
	return [{ weight: "suspect", finding: { kind: "proxyFailing", node, pod: name, logLine }, inspect }];
}

const linesOf = (log: string): string[] => log.split("\n").filter((line) => line.trim() !== "");
const lastLine = (log: string): string | undefined => linesOf(log).at(-1);

/** klog marks errors with E and fatal ones with F. */
const lastError = (log: string): string | undefined => linesOf(log).findLast((line) => /^[EF]\d{4} /.test(line));

/** What kube-proxy logs if it can't write its rules (pkg/proxy/iptables/proxier.go, pkg/proxy/nftables/proxier.go). */
const failures =
	/Failed to execute iptables-restore|iptables-restore failed|nftables sync failed|Failed to ensure (that )?chain/i;

/** The last failure to write rules, unless it wrote them afterwards. */
function failedSync(log: string): string | undefined {
	const lines = linesOf(log);
	const at = lines.findLastIndex((line) => failures.test(line));
	const isFixed = lines
		.slice(at + 1)
		.some((line) => /SyncProxyRules complete|Reloading service iptables data/.test(line));
	return at < 0 || isFixed ? undefined : lines[at];
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

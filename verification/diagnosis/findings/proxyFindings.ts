/** What the API objects and kube-proxy's logs show about what serves Services on the nodes. */
import { isReady } from "../../../kubernetes/objects.ts";
import { isVirtual, runsLinux } from "../../../kubernetes/source/nodeState.ts";
import { canServe, serviceProxyOf } from "../../../kubernetes/source/serviceProxies.ts";
import type { ServiceReading } from "../../../kubernetes/source/serviceReading.ts";
import type { NodeObject, PodObject } from "../../../kubernetes/source/usedFields.ts";
import type { WeighedFinding } from "../diagnosisFinding.ts";
import { inspectedNodes } from "../serviceViews.ts";

/** kube-proxy is missing, ends, or isn't ready on a node. */
export function proxyFindings(reading: ServiceReading): WeighedFinding[] {
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

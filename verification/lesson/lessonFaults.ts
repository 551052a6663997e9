/** Breaks the lab in one place, and repairs it. Both can be repeated; a repair may follow one that was interrupted. */
import type { V1Service } from "@kubernetes/client-node";
import { withApiError } from "../../kubernetes/apiErrors.ts";
import type { Cluster } from "../../kubernetes/liveCluster.ts";
import type { FaultTools } from "./lessonLab.ts";
import type { Fault } from "./model.ts";

export interface ServiceId {
	namespace: string;
	name: string;
}

/** The rule of the exercise, as iptables takes and deletes it. */
export const dropRule = (port: number): string[] => ["PREROUTING", "-p", "tcp", "--dport", String(port), "-j", "DROP"];

const iptables = (table: string, ...args: string[]): string[] => ["iptables", "-w", "-t", table, ...args];

export async function inject(fault: Fault, tools: FaultTools, service: ServiceId): Promise<void> {
	switch (fault.kind) {
		case "stoppedNode":
			return tools.stopNode(fault.node);
		case "localPolicy":
		case "targetPort":
			return changeService(tools.cluster, service, (object) => setField(object, fault, { broken: true }));
		case "firewallRule":
			await tools.onNode(fault.node, iptables("mangle", "-I", ...dropRule(fault.port)));
			return;
		case "flushedChain": {
			const flush = fault.proxyMode === "iptables" ? iptables("nat", "-F", fault.chain) : nft("flush", fault.chain);
			await tools.onNode(fault.node, flush);
		}
	}
}

export async function repair(fault: Fault, tools: FaultTools, service: ServiceId): Promise<void> {
	switch (fault.kind) {
		case "stoppedNode":
			return tools.startNode(fault.node);
		case "localPolicy":
		case "targetPort":
			return changeService(tools.cluster, service, (object) => setField(object, fault, { broken: false }));
		case "firewallRule":
			return removeRule(fault, tools);
		case "flushedChain":
			if (await isEmpty(fault, tools)) await restartProxy(fault.node, tools.cluster);
	}
}

/**
 * Changes the field only between its own and the broken value: another one is a later choice of the user.
 * @returns whether it changed
 */
function setField(
	{ spec = {} }: V1Service,
	fault: Extract<Fault, { kind: "localPolicy" | "targetPort" }>,
	{ broken }: { broken: boolean },
): boolean {
	if (fault.kind === "localPolicy") {
		const [from, to] = broken ? [fault.before, "Local"] : ["Local", fault.before];
		if (spec.externalTrafficPolicy !== from || from === to) return false;
		spec.externalTrafficPolicy = to;
		return true;
	}
	const [from, to] = broken ? [fault.before, fault.port] : [fault.port, fault.before];
	const [port] = spec.ports ?? [];
	if (!port || port.targetPort !== from) return false;
	port.targetPort = to;
	return true;
}

async function changeService(
	{ core }: Cluster,
	{ namespace, name }: ServiceId,
	change: (service: V1Service) => boolean,
): Promise<void> {
	const what = `Service ${namespace}/${name}`;
	const body = await withApiError(what, core.readNamespacedService({ namespace, name }));
	if (!change(body)) return;
	// Pulumi takes a field back from kubectl's managers; with another one's it reports a conflict.
	const fieldManager = "kubectl-replace";
	await withApiError(what, core.replaceNamespacedService({ namespace, name, body, fieldManager }));
}

/** Also if the rule is there more than once, or not at all. */
async function removeRule({ node, port }: Extract<Fault, { kind: "firewallRule" }>, tools: FaultTools): Promise<void> {
	const args = dropRule(port);
	const rule = `-A ${args.join(" ").replace("--dport", "-m tcp --dport")}`;
	const listed = await tools.onNode(node, iptables("mangle", "-S", "PREROUTING"));
	for (const _ of listed.split("\n").filter((line) => line.trim() === rule)) {
		await tools.onNode(node, iptables("mangle", "-D", ...args));
	}
}

const nft = (action: "flush" | "list", chain: string): string[] => ["nft", action, "chain", "ip", "kube-proxy", chain];

/** Whether the chain has no rule, or is gone. */
async function isEmpty(
	{ node, proxyMode, chain }: Extract<Fault, { kind: "flushedChain" }>,
	tools: FaultTools,
): Promise<boolean> {
	const list = proxyMode === "iptables" ? iptables("nat", "-S", chain) : nft("list", chain);
	const printed = await tools.onNode(node, list).catch(() => "");
	return !(proxyMode === "iptables" ? /^-A /m : /\b(goto|jump|vmap|dnat)\b/).test(printed);
}

/** A kube-proxy that starts writes all of its rules. */
async function restartProxy(node: string, cluster: Cluster): Promise<void> {
	const proxy = (await cluster.kubeProxies()).get(node);
	if (!proxy || !("exec" in proxy)) return; // It is being replaced, and writes its rules when it starts.
	const { namespace, pod: name } = proxy.exec;
	await withApiError(`Pod ${namespace}/${name}`, cluster.core.deleteNamespacedPod({ namespace, name }));
}

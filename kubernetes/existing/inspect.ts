/** Reads an existing cluster before anything is created in it. */
import { CoreV1Api, type KubeConfig, type V1Namespace, type V1Node } from "@kubernetes/client-node";
import { withApiError } from "../apiErrors.ts";
import { type Access, kubectlText, loadAccess, NoAccess } from "../kubeAccess.ts";
import { listAll, pageSize, within } from "../listing.ts";
import type { Node } from "../model.ts";
import { byRoleThenName, operatingSystem, toNode } from "../objects.ts";
import { missingRights } from "./rights.ts";

export type FoundNode = Node & {
	/** Whether a pod without tolerations can be placed on it by its name. */
	ordinary: boolean;
	/** Why no pod can run there, so that it can't be checked: "is not Ready". */
	hindrance?: string;
};

export interface ClusterInfo {
	/** The cluster's name in the kubeconfig. */
	name: string;
	/** Identifies the cluster: the uid of its namespace kube-system. */
	id: string;
	/** Control plane first. */
	nodes: FoundNode[];
	/** Names of the nodes that run a kube-proxy pod. */
	proxied: string[];
}

/** How long the API server may take for its first response. */
const answerSeconds = 10;

/**
 * @param namespace the lab's own
 * @throws one message with the problem and its fix; all missing rights are listed at once
 */
export async function inspectCluster(access: Access, namespace: string): Promise<ClusterInfo> {
	const config = openAccess(access);
	const core = config.makeApiClient(CoreV1Api);
	const system = await readSystem(access, core);
	await refuseMissingRights(access, config, namespace);
	const [nodes, proxies] = await Promise.all([
		withApiError(
			"Nodes",
			listAll((next) => core.listNode({ limit: pageSize, ...next })),
		),
		withApiError(
			"Pods in kube-system",
			listAll((next) => core.listNamespacedPod({ ...kubeProxies, limit: pageSize, ...next })),
		),
	]);
	return {
		name: config.getCurrentCluster()?.name ?? "",
		id: system?.metadata?.uid ?? "",
		nodes: nodes.map(toFound).sort(byRoleThenName),
		proxied: proxies.flatMap(({ spec }) => spec?.nodeName ?? []),
	};
}

const kubeProxies = { namespace: "kube-system", labelSelector: "k8s-app=kube-proxy" };

function openAccess(access: Access): KubeConfig {
	try {
		return loadAccess(access);
	} catch (error) {
		if (!(error instanceof NoAccess)) throw error;
		const setting =
			access.context !== undefined && error.message.includes("context") ? "context <one of them>" : "kubeconfig <path>";
		throw new Error(`${error.message}; nothing was changed; fix: pulumi config set ${setting}`, { cause: error });
	}
}

/**
 * The namespace kube-system; undefined if the user lacks the right to read it.
 * @throws if the API server doesn't answer, or doesn't accept the user
 */
async function readSystem(access: Access, core: CoreV1Api): Promise<V1Namespace | undefined> {
	try {
		return await within(answerSeconds, core.readNamespace({ name: "kube-system" }));
	} catch (error) {
		const { code } = error as { code?: unknown };
		if (code === 403) return undefined; // It answers; a missing right is reported with all others.
		const why =
			code === 401 ? "doesn't accept the user of the kubeconfig (401)" : `doesn't answer (${(error as Error).message})`;
		const check = kubectlText(access, "get", "namespaces");
		throw new Error(`the API server of ${described(access)} ${why}; nothing was changed; check: ${check}`, {
			cause: error,
		});
	}
}

const described = ({ kubeconfig, context }: Access): string =>
	context === undefined ? kubeconfig : `${kubeconfig}, context ${context},`;

async function refuseMissingRights(access: Access, config: KubeConfig, namespace: string): Promise<void> {
	const missing = await withApiError("SelfSubjectAccessReviews", missingRights(config, namespace));
	if (missing.length === 0) return;
	const grant = "kubectl apply -f docs/rbac.yaml, then bind its ClusterRole to the user as described there";
	const lines = missing.map((line) => `  ${line}`);
	const count = missing.length === 1 ? "a right" : `${missing.length} rights`;
	throw new Error(
		[
			`the user of ${described(access)} lacks ${count} that the lab needs; nothing was changed:`,
			...lines,
			`fix (as an administrator): ${grant}`,
		].join("\n"),
	);
}

function toFound(object: V1Node): FoundNode {
	const node = toNode(object);
	const hindrance = hindranceOf(node);
	const ordinary = hindrance === undefined && isOrdinary(object);
	return { ...node, ordinary, ...(hindrance !== undefined && { hindrance }) };
}

function hindranceOf({ ready, labels }: Node): string | undefined {
	if (!ready) return "is not Ready";
	const system = operatingSystem(labels);
	return system === "linux" ? undefined : `runs ${system}`;
}

/** Whether pods without tolerations can run there, and a nodeSelector finds it by its name. */
function isOrdinary({ spec, metadata }: V1Node): boolean {
	const hasTaint = (spec?.taints ?? []).some(({ effect }) => effect !== "PreferNoSchedule");
	const isNamed = metadata?.labels?.["kubernetes.io/hostname"] === metadata?.name;
	return !spec?.unschedulable && !hasTaint && isNamed;
}

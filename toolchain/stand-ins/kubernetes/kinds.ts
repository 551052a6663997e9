/** The kinds that the lab uses. */
import { objectAt, type Properties } from "../protocol/properties.ts";
import * as readiness from "./readiness.ts";

export interface Kind {
	apiVersion: string;
	kind: string;
	/** The kind's name in the API's paths. */
	plural: string;
	namespaced: boolean;
	/** Dotted paths that do not change in a living object, besides its name and namespace. */
	immutable: readonly string[];
	/** Nobody but the cluster makes such objects. */
	readOnly?: true;
	/** Absent: it is ready as soon as it exists. */
	readiness?: {
		/** The objects that tell more about this one. */
		related?: "pods" | "endpointSlices";
		judge: (object: never, related: never[]) => readiness.Readiness;
	};
}

const core = { apiVersion: "v1", namespaced: true, immutable: [] };
const apps = { apiVersion: "apps/v1", namespaced: true, immutable: ["spec.selector"] };
const batch = { apiVersion: "batch/v1", namespaced: true };
const rbac = { apiVersion: "rbac.authorization.k8s.io/v1", namespaced: true, immutable: [] };

const pod = { judge: readiness.pod };
const service = { judge: readiness.service, related: "endpointSlices" } as const;
const deployment = { judge: readiness.deployment, related: "pods" } as const;
const daemonSet = { judge: readiness.daemonSet, related: "pods" } as const;
const job = { judge: readiness.job, related: "pods" } as const;
const jobImmutable = ["spec.completions", "spec.parallelism", "spec.selector", "spec.template"];

const kinds: Kind[] = [
	{ ...core, kind: "Pod", plural: "pods", immutable: ["spec"], readiness: pod },
	{ ...core, kind: "Service", plural: "services", immutable: ["spec.clusterIP"], readiness: service },
	{ ...core, kind: "Node", plural: "nodes", namespaced: false, readOnly: true },
	{ ...core, kind: "Namespace", plural: "namespaces", namespaced: false },
	// The API server would change its content, but pods that read it at their start would not notice.
	{ ...core, kind: "ConfigMap", plural: "configmaps", immutable: ["data", "binaryData"] },
	{ ...core, kind: "ServiceAccount", plural: "serviceaccounts" },
	{ ...apps, kind: "Deployment", plural: "deployments", readiness: deployment },
	{ ...apps, kind: "DaemonSet", plural: "daemonsets", readiness: daemonSet },
	{ ...batch, kind: "Job", plural: "jobs", immutable: jobImmutable, readiness: job },
	{ ...rbac, kind: "Role", plural: "roles" },
	{ ...rbac, kind: "RoleBinding", plural: "rolebindings", immutable: ["roleRef"] },
	{ ...rbac, kind: "ClusterRole", plural: "clusterroles", namespaced: false },
	{ ...rbac, kind: "ClusterRoleBinding", plural: "clusterrolebindings", namespaced: false, immutable: ["roleRef"] },
];

const typeOf = ({ apiVersion, kind }: Kind): string =>
	`kubernetes:${apiVersion.includes("/") ? apiVersion : `core/${apiVersion}`}:${kind}`;
const byType = new Map(kinds.map((kind) => [typeOf(kind), kind]));

/** @param type the resource's type, such as kubernetes:apps/v1:Deployment */
export const kindOf = (type: string): Kind | undefined => byType.get(type);

/** Where the objects are that belong to this one, and by which labels. */
export function relatedObjects(
	{ readiness: rule }: Kind,
	object: Properties,
): { path: string; labels: string } | undefined {
	const { name, namespace } = objectAt(object, "metadata");
	if (rule?.related === "pods") {
		const selector = objectAt(objectAt(object, "spec"), "selector");
		return { path: `/api/v1/namespaces/${namespace}/pods`, labels: readiness.selectorText(selector) };
	}
	if (rule?.related !== "endpointSlices") return undefined;
	const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
	return { path, labels: `kubernetes.io/service-name=${name}` };
}

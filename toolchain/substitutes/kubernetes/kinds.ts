/** The kinds that the lab and its examples use. */
import type { V1Pod } from "@kubernetes/client-node";
import * as readiness from "./readiness.ts";

export interface Kind {
	apiVersion: string;
	kind: string;
	/** The kind's name in the API's paths. */
	plural: string;
	namespaced: boolean;
	/** Dotted paths of immutable fields besides its name and namespace. */
	immutable: readonly string[];
	/** Only the cluster itself creates such objects. */
	readOnly?: true;
	/** Waiting for it isn't supported: the program must set skipAwait. */
	unawaited?: true;
	/** Absent: it is ready as soon as it exists. */
	readiness?: (object: never, pods: V1Pod[]) => readiness.Readiness;
}

const core = { apiVersion: "v1", namespaced: true, immutable: [] };
const apps = { apiVersion: "apps/v1", namespaced: true, immutable: ["spec.selector"] };

const list: Kind[] = [
	{ ...core, kind: "Node", plural: "nodes", namespaced: false, readOnly: true },
	{ ...core, kind: "Namespace", plural: "namespaces", namespaced: false },
	{ ...core, kind: "Pod", plural: "pods", immutable: ["spec"], readiness: readiness.pod },
	{ ...core, kind: "Service", plural: "services", unawaited: true },
	{ ...apps, kind: "Deployment", plural: "deployments", readiness: readiness.deployment },
	{ ...apps, kind: "DaemonSet", plural: "daemonsets", readiness: readiness.daemonSet },
	{
		apiVersion: "batch/v1",
		kind: "Job",
		plural: "jobs",
		namespaced: true,
		// As the API server checks an update: ValidateJobSpecUpdate in k8s.io/kubernetes/pkg/apis/batch/validation.
		immutable: ["completionMode", "completions", "selector", "template"].map((field) => `spec.${field}`),
		readiness: readiness.job,
	},
];

const typeOf = ({ apiVersion, kind }: Kind): string =>
	`kubernetes:${apiVersion.includes("/") ? apiVersion : `core/${apiVersion}`}:${kind}`;

/** By resource type, such as kubernetes:apps/v1:Deployment. */
export const kinds: ReadonlyMap<string, Kind> = new Map(list.map((kind) => [typeOf(kind), kind]));

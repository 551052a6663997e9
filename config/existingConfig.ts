/** What a configuration may say of a cluster that is not the lab's own. */
import type { FieldError } from "../lib/fieldErrors.ts";
import { usualSettings } from "./projectDefaults.ts";

/** Where the lab is in a cluster that is not its own, unless it is told otherwise. */
export const existingNamespace = "nodeport-lab";

/** They shape a cluster that the lab makes, and say nothing of one that is there. */
const ofKindAlone = ["clusterName", "workers", "kubeProxyMode", "hostPort", "nodeImage"];

const ofExistingAlone = ["kubeconfig", "context"];

/** The faults of settings that do not go with the kind of cluster that is chosen. */
export function clusterFaults(raw: Record<string, unknown>): FieldError[] {
	const remove = (field: string, allowed: string): FieldError => {
		return { field, got: raw[field], allowed, fix: `pulumi config rm ${field}` };
	};
	if (raw.cluster !== "existing") {
		return ofExistingAlone
			.filter((field) => raw[field] !== undefined)
			.map((field) => remove(field, "nothing, unless cluster is existing: the lab makes a cluster of its own"));
	}
	const usual = usualSettings();
	const idle = ofKindAlone.filter((field) => raw[field] !== undefined && raw[field] !== usual[field]);
	return [
		...(raw.kubeconfig === undefined ? [missingKubeconfig] : []),
		...(raw.context === undefined ? [missingContext] : []),
		...(isOfCluster(raw.namespace) ? [namespaceFault(raw.namespace)] : []),
		...idle.map((field) => remove(field, "nothing, as cluster is existing: it shapes a cluster that the lab makes")),
	];
}

/** None is taken in silence: it would be the one that the user works with. */
const missingKubeconfig: FieldError = {
	field: "kubeconfig",
	got: undefined,
	allowed: "the path of a kubeconfig that leads to the existing cluster",
	fix: "pulumi config set kubeconfig <path>",
};

/** Neither is the current one: the lab would follow it elsewhere, and leave what it made where it was. */
const missingContext: FieldError = {
	field: "context",
	got: undefined,
	allowed: "the name of one of the kubeconfig's contexts (`kubectl config get-contexts` lists them)",
	fix: "pulumi config set context <name>",
};

/** What is in it is the cluster's own, or anybody's. */
const isOfCluster = (namespace: unknown): boolean => namespace === "default" || /^kube-/.test(String(namespace));

const namespaceFault = (got: unknown): FieldError => ({
	field: "namespace",
	got,
	allowed: `one that the lab makes for itself, such as ${existingNamespace}: not default, and none that begins with kube-`,
	fix: "pulumi config rm namespace",
});

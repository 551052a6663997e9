/** Checks of the settings that depend on the kind of cluster: kind or existing. */
import type { FieldError } from "../lib/fieldErrors.ts";
import { usualSettings } from "./projectDefaults.ts";

/** The default of `namespace` on an existing cluster. */
export const existingNamespace = "nodeport-lab";

const onlyForKind = ["clusterName", "workers", "kubeProxyMode", "hostPort", "nodeImage"];

const onlyForExisting = ["kubeconfig", "context"];

export function clusterErrors(raw: Record<string, unknown>): FieldError[] {
	const remove = (field: string, allowed: string): FieldError => {
		return { field, got: raw[field], allowed, fix: `pulumi config rm ${field}` };
	};
	if (raw.cluster !== "existing") {
		return onlyForExisting
			.filter((field) => raw[field] !== undefined)
			.map((field) => remove(field, "only with cluster existing: the lab creates its own cluster"));
	}
	const usual = usualSettings();
	const unused = onlyForKind.filter((field) => raw[field] !== undefined && raw[field] !== usual[field]);
	return [
		...(raw.kubeconfig === undefined ? [missingKubeconfig] : []),
		...(raw.context === undefined ? [missingContext] : []),
		...(belongsToCluster(raw.namespace) ? [namespaceError(raw.namespace)] : []),
		...unused.map((field) => remove(field, "only with cluster kind: it shapes a cluster that the lab creates")),
	];
}

/** There is no implicit default: it would be the kubeconfig that the user works with. */
const missingKubeconfig: FieldError = {
	field: "kubeconfig",
	got: undefined,
	allowed: "the path of the existing cluster's kubeconfig",
	fix: "pulumi config set kubeconfig <path>",
};

/** The current context is no default: once it changes, the lab would follow it and leave its objects on the old cluster. */
const missingContext: FieldError = {
	field: "context",
	got: undefined,
	allowed: "the name of one of the kubeconfig's contexts (`kubectl config get-contexts` lists them)",
	fix: "pulumi config set context <name>",
};

/** These namespaces contain the cluster's or anybody's objects. */
const belongsToCluster = (namespace: unknown): boolean => namespace === "default" || /^kube-/.test(String(namespace));

const namespaceError = (got: unknown): FieldError => ({
	field: "namespace",
	got,
	allowed: `a namespace that the lab creates, such as ${existingNamespace}: not default, and not kube-*`,
	fix: "pulumi config rm namespace",
});

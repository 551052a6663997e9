/**
 * What the lab needs to be allowed in a cluster that is not its own. docs/rbac.yaml grants exactly this: a test compares
 * them. Nothing here lets it change what is the cluster's own.
 */
import { AuthorizationV1Api, type KubeConfig } from "@kubernetes/client-node";
import pLimit from "p-limit";

/** One rule of a ClusterRole, and where it is needed. */
export interface Rule {
	group: "" | "apps" | "discovery.k8s.io";
	/** As RBAC names them: "pods/exec". */
	resources: string[];
	verbs: string[];
	/** "cluster": not of a namespace; else in each of these: the lab's own namespace, kube-system, or all. */
	where: "cluster" | ("lab" | "kube-system" | "all")[];
	/** What it is for. */
	why: string;
}

/** What whoever makes objects, and waits for them, asks of each. */
const manage = ["get", "list", "watch", "create", "patch", "delete"];

export const rules: Rule[] = [
	{
		group: "",
		resources: ["namespaces"],
		verbs: manage,
		where: "cluster",
		why: "its own namespace; the cluster's identity is the uid of kube-system",
	},
	{ group: "", resources: ["nodes"], verbs: ["get", "list"], where: "cluster", why: "names, addresses, roles" },
	{
		group: "",
		resources: ["pods", "services"],
		verbs: manage,
		where: ["lab"],
		why: "the client pod and the NodePort Service",
	},
	{
		group: "apps",
		resources: ["deployments", "daemonsets"],
		verbs: manage,
		where: ["lab"],
		why: "the echo and NodeProbe",
	},
	{
		group: "apps",
		resources: ["replicasets"],
		verbs: ["get", "list", "watch"],
		where: ["lab"],
		why: "how a rollout goes",
	},
	{ group: "", resources: ["pods"], verbs: ["get", "list"], where: ["kube-system"], why: "kube-proxy and DNS pods" },
	{
		group: "",
		resources: ["services"],
		verbs: ["list"],
		where: ["all"],
		why: "whether the nodePort is free; the DNS Service",
	},
	{
		group: "discovery.k8s.io",
		resources: ["endpointslices"],
		verbs: ["get", "list", "watch"],
		where: ["lab", "kube-system"],
		why: "who is behind the Service and behind DNS",
	},
	{
		group: "",
		resources: ["pods/exec"],
		// A WebSocket begins as a GET; newer API servers ask for "create" all the same.
		verbs: ["create", "get"],
		where: ["lab", "kube-system"],
		why: "requests are sent from pods; rules are read in the kube-proxy pods",
	},
	{
		group: "",
		resources: ["events", "pods/log"],
		verbs: ["get", "list", "watch"],
		where: ["lab"],
		why: "why something is not ready; evidence of what failed",
	},
];

/** What is asked of the API server: whether the user of a kubeconfig may do one thing. */
interface Question {
	group: string;
	resource: string;
	verb: string;
	namespace?: string;
}

export function questionsOf(namespace: string): Question[] {
	const places = { lab: namespace, "kube-system": "kube-system", all: "" };
	return rules.flatMap(({ group, resources, verbs, where }) =>
		(where === "cluster" ? [undefined] : where.map((place) => places[place])).flatMap((namespace) =>
			resources.flatMap((resource) =>
				verbs.map((verb) => ({ group, resource, verb, ...(namespace !== undefined && { namespace }) })),
			),
		),
	);
}

/** So many questions are under way at once. */
const concurrency = 8;

/** What the user of the kubeconfig may not do though the lab needs it: "create pods/exec in kube-system"; side by side. */
export async function missingRights(config: KubeConfig, namespace: string): Promise<string[]> {
	const api = config.makeApiClient(AuthorizationV1Api);
	const limit = pLimit(concurrency);
	const answers = await limit.map(questionsOf(namespace), async (question) => {
		const { group, resource, verb, namespace } = question;
		const [name = "", subresource] = resource.split("/");
		const resourceAttributes = {
			group,
			resource: name,
			verb,
			...(subresource !== undefined && { subresource }),
			...(namespace && { namespace }),
		};
		const body = {
			apiVersion: "authorization.k8s.io/v1",
			kind: "SelfSubjectAccessReview",
			spec: { resourceAttributes },
		};
		const { status } = await api.createSelfSubjectAccessReview({ body });
		return status?.allowed ? [] : [question];
	});
	return grouped(answers.flat());
}

/** One line for each resource and place. */
function grouped(missing: Question[]): string[] {
	const byPlace = new Map<string, string[]>();
	for (const { group, resource, verb, namespace } of missing) {
		const name = group === "" ? resource : `${resource}.${group}`;
		const where = namespace === undefined ? "" : namespace === "" ? " in all namespaces" : ` in ${namespace}`;
		byPlace.set(`${name}${where}`, [...(byPlace.get(`${name}${where}`) ?? []), verb]);
	}
	return [...byPlace].map(([what, verbs]) => `${verbs.join(", ")} ${what}`);
}

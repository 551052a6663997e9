/** The rights that the lab needs on an existing cluster. docs/rbac.yaml grants exactly these; a test compares both. */
import { AuthorizationV1Api, type KubeConfig } from "@kubernetes/client-node";
import pLimit from "p-limit";

/** "cluster": of a resource without namespace; "lab": the lab's own namespace; "all": in all namespaces. */
type Place = "cluster" | "lab" | "kube-system" | "all";

/** One rule of the ClusterRole. Each right is in one rule only, so that none of them can be removed without effect. */
export interface Rule {
	group: "" | "apps" | "discovery.k8s.io";
	/** As RBAC names them: "pods/exec". */
	resources: string[];
	/** The verbs, by the place where they are used. */
	verbs: Partial<Record<Place, string[]>>;
	/** What the right is for. */
	why: string;
}

/**
 * What Pulumi's Kubernetes provider needs to manage one object. It creates and updates by server-side apply: the verbs
 * create and patch. Before it creates, updates or deletes an object it waits until it can list and watch its kind.
 * Source: github.com/pulumi/pulumi-kubernetes, provider/pkg/await (await.go, condition/deleted.go, informers/factory.go).
 */
const manage = ["get", "list", "watch", "create", "patch", "delete"];

/** What the same provider needs of the objects that it only observes while it waits for another one. */
const observe = ["list", "watch"];

export const rules: Rule[] = [
	{
		group: "",
		resources: ["namespaces"],
		verbs: { cluster: manage },
		why: "the lab's own namespace; the uid of kube-system identifies the cluster",
	},
	{
		group: "",
		resources: ["nodes"],
		verbs: { cluster: ["get", "list"] },
		why: "names, addresses, roles",
	},
	{
		group: "",
		resources: ["pods"],
		verbs: { lab: manage, "kube-system": ["list"] },
		why: "the client pod and the echo's pods; the pods of kube-proxy and DNS",
	},
	{
		group: "",
		resources: ["services"],
		verbs: { lab: ["get", "watch", "create", "patch", "delete"], all: ["list"] },
		why: "the NodePort Service; whether its nodePort is free; the DNS Service",
	},
	{
		group: "apps",
		resources: ["deployments", "daemonsets"],
		verbs: { lab: manage },
		why: "the echo and NodeProbe",
	},
	{
		group: "apps",
		resources: ["replicasets"],
		verbs: { lab: observe },
		// provider/pkg/await/deployment.go
		why: "Pulumi's provider observes a Deployment's ReplicaSets until it is available",
	},
	{
		group: "",
		resources: ["persistentvolumeclaims"],
		verbs: { lab: observe },
		// provider/pkg/await/deployment.go, although no Deployment of the lab has any: without this right it waits forever.
		why: "Pulumi's provider observes a Deployment's PersistentVolumeClaims until it is available",
	},
	{
		group: "",
		resources: ["events"],
		// provider/pkg/await/watchers.go (NewEventAggregator); a Namespace's own events are watched in all namespaces.
		verbs: { all: observe },
		why: "Pulumi's provider reports the events of each object that it waits for; evidence of a failed verification",
	},
	{
		group: "discovery.k8s.io",
		resources: ["endpointslices"],
		verbs: { lab: ["list"], "kube-system": ["list"] },
		why: "the endpoints of the Service and of DNS",
	},
	{
		group: "",
		resources: ["pods/exec"],
		// A WebSocket starts with a GET. Since Kubernetes 1.35 the API server also requires "create".
		verbs: { lab: ["create", "get"], "kube-system": ["create", "get"] },
		why: "requests are sent from pods; rules are read in the kube-proxy pods",
	},
	{
		group: "",
		resources: ["pods/log"],
		verbs: { lab: ["get"] },
		why: "evidence of a failed verification",
	},
];

/** One question to the API server: may the user do this? */
interface Question {
	group: string;
	resource: string;
	verb: string;
	namespace?: string;
}

/** @param namespace the lab's own */
export function questionsOf(namespace: string): Question[] {
	const namespaces = { cluster: undefined, lab: namespace, "kube-system": "kube-system", all: "" };
	return rules.flatMap(({ group, resources, verbs }) =>
		(Object.keys(verbs) as Place[]).flatMap((place) => {
			const namespace = namespaces[place];
			const where = namespace !== undefined && { namespace };
			return resources.flatMap((resource) => (verbs[place] ?? []).map((verb) => ({ group, resource, verb, ...where })));
		}),
	);
}

const concurrency = 8;

/**
 * @param namespace the lab's own
 * @returns what the kubeconfig's user lacks: "create pods/exec in kube-system"
 */
export async function missingRights(config: KubeConfig, namespace: string): Promise<string[]> {
	const api = config.makeApiClient(AuthorizationV1Api);
	const answers = await pLimit(concurrency).map(questionsOf(namespace), async (question) =>
		(await isAllowed(api, question)) ? [] : [question],
	);
	return grouped(answers.flat());
}

async function isAllowed(api: AuthorizationV1Api, { group, resource, verb, namespace }: Question): Promise<boolean> {
	const [name = "", subresource] = resource.split("/");
	const resourceAttributes = {
		group,
		resource: name,
		verb,
		...(subresource !== undefined && { subresource }),
		...(namespace && { namespace }),
	};
	const body = { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview", spec: { resourceAttributes } };
	const { status } = await api.createSelfSubjectAccessReview({ body });
	return status?.allowed === true;
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

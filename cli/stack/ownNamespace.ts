/**
 * Who created a namespace of an existing cluster: this stack, or something else that chose the same name, in this cluster
 * or in the one that the stack was on before.
 */
import { CoreV1Api } from "@kubernetes/client-node";
import { ownerAnnotation } from "../../kind/owner.ts";
import { type Access, kubectlText, loadAccess } from "../../kubernetes/kubeAccess.ts";
import { Cluster } from "../../kubernetes/liveCluster.ts";
import { findNamespace } from "../../kubernetes/namedObjects.ts";
import { ownNamespaces, pendingCreations, recordedCluster, type StackState } from "./stackState.ts";

/** Removes everything from the state and nothing from a cluster. */
const forget = "pulumi state delete --all --yes";

type Owner = "absent" | "own" | "foreign";

/** Finds the owner of a namespace by its name. */
export type Owners = (name: string) => Promise<Owner>;

/** Reads each namespace of the cluster once. It throws if the API server can't be reached. */
export function namespaceOwners(access: Access, state: StackState): Owners {
	const cluster = new Cluster(access);
	const known = new Map<string, Promise<Owner>>();
	return (name) => {
		const owner = known.get(name) ?? readOwner(cluster, name, state);
		known.set(name, owner);
		return owner;
	};
}

async function readOwner(cluster: Cluster, name: string, state: StackState): Promise<Owner> {
	const found = (await findNamespace(cluster, name))?.metadata;
	if (found === undefined) return "absent";
	if (ownNamespaces(state).some((own) => own.name === name && own.uid === found.uid)) return "own";
	// An interrupted update may have created it: its note in the state has the same mark.
	const mark = found.annotations?.[ownerAnnotation];
	const isPending = pendingCreations(state).some(({ object }) => object?.annotations[ownerAnnotation] === mark);
	return mark && isPending ? "own" : "foreign";
}

/** @throws if the namespace that the stack would create exists and isn't its own; nothing was changed */
export async function refuseTaken(access: Access, namespace: string, owners: Owners): Promise<void> {
	if ((await owners(namespace)) !== "foreign") return;
	const remove = kubectlText(access, "delete", "namespace", namespace);
	throw new Error(
		`namespace: got "${namespace}", which already exists and isn't managed by this stack; allowed: a name that isn't in use; ` +
			`nothing was changed; fix: pulumi config set namespace ${namespace}2, or, if nobody needs what is in it: ${remove}`,
	);
}

/**
 * Pulumi finds objects by name: it would change or remove what somebody else has created under the name of its own.
 * @param configured the cluster of the settings. If it is the recorded one, only the settings' access counts: the
 * recorded access may be gone.
 * @throws if one of the stack's namespaces was deleted and somebody else has created another; nothing was changed
 */
export async function refuseReplaced(state: StackState, configured?: { id: string; owners: Owners }): Promise<void> {
	const recorded = recordedCluster(state);
	if (recorded === undefined) return;
	const isSame = configured?.id === recorded.id;
	// pulumi-kubernetes' own setting for a cluster that is gone for good: what can't be reached is forgotten.
	if (!isSame && process.env.PULUMI_K8S_DELETE_UNREACHABLE === "true") return;
	if (!isSame) await refuseLost(recorded);
	const owners = isSame ? configured.owners : namespaceOwners(recorded.access, state);
	for (const { name } of ownNamespaces(state)) {
		if ((await owners(name)) !== "foreign") continue;
		throw new Error(
			`the stack's namespace "${name}" was deleted, and a foreign one with the same name exists; nothing was changed; ` +
				`fix, which makes Pulumi forget the objects and deletes nothing: ${forget}`,
		);
	}
}

/** @throws what the client says: its caller prints the fix */
async function clusterId(access: Access): Promise<string | undefined> {
	const core = loadAccess(access).makeApiClient(CoreV1Api);
	return (await core.readNamespace({ name: "kube-system" })).metadata?.uid;
}

/** @throws if the access that the stack's objects were created with no longer leads to their cluster; nothing was changed */
async function refuseLost({ id, access }: { id: string; access: Access }): Promise<void> {
	const place = `${access.kubeconfig}, context ${access.context}`;
	const found = await clusterId(access).catch((error: Error) => {
		throw new Error(
			`the cluster that this stack is on can't be reached by ${place} (${error.message.split("\n")[0]}); nothing was changed; ` +
				"fix, if the kubeconfig or context was renamed: set kubeconfig and context, then npm start; " +
				`if the cluster is gone for good: ${forget}`,
			{ cause: error },
		);
	});
	if (found === id) return;
	throw new Error(
		`${place}, is another cluster than the stack's; nothing was changed; ` +
			`fix: correct the kubeconfig, or, if the stack's cluster is gone for good: ${forget}`,
	);
}

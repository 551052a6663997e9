/**
 * Whose a namespace is, in a cluster that is not the lab's own: another stack, another clone or anybody may have made one
 * of the same name, on this cluster or on the one that the stack was on before.
 */
import { ownerAnnotation } from "../../kind/owner.ts";
import { type Access, kubectlText } from "../../kubernetes/kubeAccess.ts";
import { readFields } from "./kubectl.ts";
import { existingInState, madeNamespaces, pendingCreations } from "./state.ts";

/** Takes from the state all that is in it, and nothing from any cluster. */
const forget = "pulumi state delete --all --yes";

/** @throws where nobody answers */
export async function whoseNamespace(access: Access, name: string): Promise<"nobody's" | "ours" | "others'"> {
	const template = `{.metadata.uid} {.metadata.annotations.${ownerAnnotation}}`;
	const [uid, mark] = (await readFields(access, name, template, "namespace", name)).split(" ");
	if (!uid) return "nobody's";
	if ((await madeNamespaces()).some((made) => made.name === name && made.uid === uid)) return "ours";
	const making = (await pendingCreations()).some(({ object }) => object?.annotations[ownerAnnotation] === mark);
	return mark && making ? "ours" : "others'";
}

/** @throws where the namespace that the stack is to make is there already, and not by it; nothing was changed */
export async function refuseTaken(access: Access, namespace: string): Promise<void> {
	if ((await whoseNamespace(access, namespace)) !== "others'") return;
	const remove = kubectlText(access, "delete", "namespace", namespace);
	throw new Error(
		`namespace: got "${namespace}", which is there already, and not made by this stack; allowed: one of the lab's own; ` +
			`nothing was changed; fix: pulumi config set namespace ${namespace}2, or, where nobody needs what is in it: ${remove}`,
	);
}

/**
 * Pulumi finds objects by their names: it would change, or remove, what another has made in the place of what it knows.
 * @param configured another way into the same cluster, where there is one: the one before may be no more
 * @throws where one of the stack's namespaces has been removed, and made anew by another; nothing was changed
 */
export async function refuseReplaced(configured?: { id: string; access: Access }): Promise<void> {
	const recorded = await existingInState();
	if (recorded === undefined) return;
	const isTheSame = configured?.id === recorded.id;
	// The official provider's own word for a cluster that is gone for good: what cannot be reached is forgotten.
	if (!isTheSame && process.env.PULUMI_K8S_DELETE_UNREACHABLE === "true") return;
	if (!isTheSame) await refuseLost(recorded);
	const { access } = isTheSame ? configured : recorded;
	for (const { name } of await madeNamespaces()) {
		if ((await whoseNamespace(access, name)) !== "others'") continue;
		throw new Error(
			`the namespace "${name}" that this stack made is gone, and another has made one of that name; nothing was changed; ` +
				`fix, which makes the stack forget what is gone with it: ${forget}`,
		);
	}
}

/** @throws where the way by which the stack's objects were made leads to their cluster no more; nothing was changed */
async function refuseLost({ id, access }: { id: string; access: Access }): Promise<void> {
	const way = `${access.kubeconfig}, context ${access.context}`;
	const system = "kube-system";
	const found = await readFields(access, system, "{.metadata.uid}", "namespace", system).catch((error: Error) => {
		throw new Error(
			`the cluster that this stack is on does not answer by ${way} (${error.message.split("\n")[0]}); nothing was changed; ` +
				"fix, where the file or the context has another name now: set kubeconfig and context, then npm start; " +
				`where the cluster is gone for good: ${forget}`,
			{ cause: error },
		);
	});
	if (found === id) return;
	throw new Error(
		`${way}, leads to another cluster than the one that this stack is on; nothing was changed; ` +
			`fix: let it lead there again, or, where that cluster is gone for good: ${forget}`,
	);
}

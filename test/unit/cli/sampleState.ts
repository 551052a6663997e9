/** A stack's state, as a value and as Pulumi stores it in the working folder. */
import { mkdir, writeFile } from "node:fs/promises";
import { stack } from "../../../cli/stack/stack.ts";
import type { StackState } from "../../../cli/stack/stackState.ts";

export const stateOf = (resources: object[], pending_operations: object[] = []): StackState => ({
	resources: resources as StackState["resources"],
	pending_operations: pending_operations as StackState["pending_operations"],
});

export async function writeState(resources: object[], pending_operations: object[] = []): Promise<void> {
	await mkdir(".state/.pulumi/stacks/nodeport-lab", { recursive: true });
	const checkpoint = { stack: "dev", latest: { resources, pending_operations } };
	await writeFile(`.state/.pulumi/stacks/nodeport-lab/${stack}.json`, JSON.stringify({ version: 3, checkpoint }));
}

/** The note of an operation that didn't end, on an object or on something else. */
export const pending = (operation: string, type: string, metadata?: object) => ({
	type: operation,
	resource: { urn: `urn:${type}`, type, inputs: metadata ? { metadata } : {} },
});

export const component = (name: string) => ({
	urn: `urn:pulumi:dev::nodeport-lab::nodeport-lab:index:${name}`,
	type: `nodeport-lab:index:${name.split("::")[0]}`,
});

/** What a stack on an existing cluster has created once its namespace exists. */
export const onExisting = (namespace: { name: string; uid: string }, access = { kubeconfig: "k", context: "test" }) => [
	component("ExistingCluster::cluster"),
	{
		urn: "urn:provider",
		type: "pulumi:providers:kubernetes",
		inputs: { ...access, clusterIdentifier: "uid-of-cluster", version: "4" },
	},
	{ urn: "urn:kubernetes:core/v1:Namespace", type: "kubernetes:core/v1:Namespace", outputs: { metadata: namespace } },
];

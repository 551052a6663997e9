/** A stack's state as Pulumi keeps it in the working folder. */
import { mkdir, writeFile } from "node:fs/promises";
import { stack } from "../../../cli/stack/stack.ts";

export async function writeState(resources: object[], pending_operations: object[] = []): Promise<void> {
	await mkdir(".state/.pulumi/stacks/nodeport-lab", { recursive: true });
	const checkpoint = { stack: "dev", latest: { resources, pending_operations } };
	await writeFile(`.state/.pulumi/stacks/nodeport-lab/${stack}.json`, JSON.stringify({ version: 3, checkpoint }));
}

/** The note of an operation that did not end, of an object or of something else. */
export const pending = (operation: string, type: string, metadata?: object) => ({
	type: operation,
	resource: { urn: `urn:${type}`, type, inputs: metadata ? { metadata } : {} },
});

export const component = (name: string) => ({
	urn: `urn:pulumi:dev::nodeport-lab::nodeport-lab:index:${name}`,
	type: `nodeport-lab:index:${name.split("::")[0]}`,
});

/** What a stack on a cluster that exists has made by the time that its namespace is there. */
export const onExisting = (namespace: { name: string; uid: string }, access = { kubeconfig: "k", context: "prod" }) => [
	component("ExistingCluster::cluster"),
	{
		urn: "urn:provider",
		type: "pulumi:providers:kubernetes",
		inputs: { ...access, clusterIdentifier: "uid-of-cluster", version: "4" },
	},
	{ urn: "urn:kubernetes:core/v1:Namespace", type: "kubernetes:core/v1:Namespace", outputs: { metadata: namespace } },
];

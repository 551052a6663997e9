/** The stack's state: what it has created, and what it was creating when an update was interrupted. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import type { Access } from "../../kubernetes/kubeAccess.ts";
import { readIfExists } from "../../lib/atomicFile.ts";
import { exportState, selectStack } from "./pulumiCli.ts";
import { stackName } from "./stack.ts";

export const stateFolder = ".state/.pulumi";

/** Whether the user keeps the state in a backend of their own. Set-up names the project's where its path needs it. */
export const isElsewhere = (): boolean =>
	!["", pathToFileURL(".state").href].includes(process.env.PULUMI_BACKEND_URL ?? "");

const Resource = z.object({
	urn: z.string(),
	type: z.string(),
	/** Absent if the resource is only read. */
	inputs: z.unknown().optional(),
	/** Absent while the resource is being created. */
	outputs: z.unknown().optional(),
	/** The provider's name and id. */
	provider: z.string().optional(),
	customTimeouts: z.unknown().optional(),
	/** It is only read, not managed. */
	external: z.boolean().default(false),
	/** It was replaced, and is still to be deleted. */
	delete: z.boolean().default(false),
	/** Why it didn't get ready after its creation. */
	initErrors: z.array(z.string()).nullish(),
});

const Deployment = z.object({
	resources: z.array(Resource).default([]),
	pending_operations: z.array(z.object({ type: z.string(), resource: Resource })).default([]),
});
export type StackState = z.infer<typeof Deployment>;

/** The file of Pulumi's DIY backend. Reading it saves the second that `pulumi stack export` takes. */
const Checkpoint = z.object({ checkpoint: z.object({ latest: Deployment }) });
const Exported = z.object({ deployment: Deployment });

const stateFile = join(stateFolder, "stacks/nodeport-lab", `${stackName}.json`);

/** Selects the stack, and creates it if it doesn't exist. Pulumi isn't needed for one that this project has created. */
export async function ensureStack(): Promise<void> {
	if (isElsewhere() || !existsSync(stateFile)) await selectStack();
}

/** Empty if the stack has no state. */
export async function readState(): Promise<StackState> {
	if (isElsewhere()) return Exported.parse(JSON.parse(await exportState())).deployment;
	const text = await readIfExists(stateFile);
	if (text === undefined) return { resources: [], pending_operations: [] };
	return Checkpoint.parse(JSON.parse(text)).checkpoint.latest;
}

/** The kind of cluster that the stack is on; undefined if it is on none. */
export function clusterKind({ resources }: StackState): "kind" | "existing" | undefined {
	const holds = (component: string) => resources.some(({ urn }) => urn.includes(`nodeport-lab:index:${component}::`));
	return holds("KindCluster") ? "kind" : holds("ExistingCluster") ? "existing" : undefined;
}

const Inputs = z.object({
	metadata: z.object({
		name: z.string(),
		namespace: z.string().default("default"),
		annotations: z.record(z.string(), z.string()).default({}),
	}),
});

/** What an interrupted update was creating. */
export interface Pending {
	/** The resource's type. */
	type: string;
	/** A later update has created it with the same provider. */
	recorded: boolean;
	/** If it is an object of a cluster. */
	object?: z.infer<typeof Inputs>["metadata"];
}

/** An update leaves these notes in the state, `pulumi refresh` can clear them. */
export function pendingCreations({ resources, pending_operations }: StackState): Pending[] {
	// Another provider means another cluster, which the stack may be leaving.
	const place = ({ urn, provider }: z.infer<typeof Resource>) => `${urn} ${provider}`;
	const known = new Set(resources.map(place));
	return pending_operations
		.filter(({ type }) => type === "creating")
		.map(({ resource }) => {
			const { metadata } = Inputs.safeParse(resource.inputs).data ?? {};
			return { type: resource.type, recorded: known.has(place(resource)), ...(metadata && { object: metadata }) };
		});
}

const Namespace = z.object({ metadata: z.object({ name: z.string(), uid: z.string() }) });

/** The namespaces that the stack has created. */
export const ownNamespaces = ({ resources }: StackState): { name: string; uid: string }[] =>
	resources
		.filter(({ type }) => type === "kubernetes:core/v1:Namespace")
		.flatMap(({ outputs }) => Namespace.safeParse(outputs).data?.metadata ?? []);

const Provider = z.object({ clusterIdentifier: z.string(), kubeconfig: z.string(), context: z.string() });

/** The existing cluster that the stack is on, and the access that its objects were created with. */
export function recordedCluster(state: StackState): { id: string; access: Access } | undefined {
	if (clusterKind(state) !== "existing") return undefined;
	const provider = state.resources.find(({ type }) => type === "pulumi:providers:kubernetes");
	const { data } = Provider.safeParse(provider?.inputs);
	return data && { id: data.clusterIdentifier, access: { kubeconfig: data.kubeconfig, context: data.context } };
}

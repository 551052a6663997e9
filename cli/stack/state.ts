/** The stack's state: what it has made, and was making when an update ended. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { z } from "zod";
import type { Access } from "../../kubernetes/kubeAccess.ts";
import { stack, stackName } from "./stack.ts";

export const stateFolder = ".state/.pulumi";

/** The state is the user's own, elsewhere. */
export const isElsewhere = (): boolean => Boolean(process.env.PULUMI_BACKEND_URL);

export const noneYet = (error: NodeJS.ErrnoException): undefined => {
	if (error.code !== "ENOENT") throw error;
};

const Resource = z.object({
	urn: z.string(),
	type: z.string(),
	/** What is only read has none. */
	inputs: z.unknown().optional(),
	/** What is being made has none. */
	outputs: z.unknown().optional(),
	/** By the resource's name and its id. */
	provider: z.string().optional(),
});

/** The part of a deployment, as Pulumi keeps it, that says what there is and what was being made when an update ended. */
const Deployment = z.object({
	resources: z.array(Resource).default([]),
	pending_operations: z.array(z.object({ type: z.string(), resource: Resource })).default([]),
});
type Deployment = z.infer<typeof Deployment>;

/** As a DIY backend keeps it, which is read without Pulumi: that takes a second each time. */
const Checkpoint = z.object({ checkpoint: z.object({ latest: Deployment }) });
const Exported = z.object({ deployment: Deployment });

/** What the stack's state holds: nothing where there is none. */
export async function latest(): Promise<Deployment> {
	if (isElsewhere()) {
		const { stdout } = await execa("pulumi", ["stack", "export", "--stack", stack], { stderr: "inherit" });
		return Exported.parse(JSON.parse(stdout)).deployment;
	}
	const text = await readFile(join(stateFolder, "stacks/nodeport-lab", `${stackName}.json`), "utf8").catch(noneYet);
	if (text === undefined) return { resources: [], pending_operations: [] };
	return Checkpoint.parse(JSON.parse(text)).checkpoint.latest;
}

/** The kind of cluster that the stack is on; undefined where it is on none. */
export const clusterInState = async (): Promise<"kind" | "existing" | undefined> => clusterOf(await latest());

function clusterOf({ resources }: Deployment): "kind" | "existing" | undefined {
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

/** What a killed update was making. */
export interface Pending {
	/** The resource's type. */
	type: string;
	/** A later update has made it, there where it was being made. */
	recorded: boolean;
	/** Where it is an object of a cluster. */
	object?: z.infer<typeof Inputs>["metadata"];
}

/** An update leaves such notes where they are, a refresh can clear them. */
export async function pendingCreations(): Promise<Pending[]> {
	const { resources, pending_operations } = await latest();
	// By another provider it is another cluster's, which the stack may be leaving.
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

/** The namespaces that the stack has made. */
export async function madeNamespaces(): Promise<{ name: string; uid: string }[]> {
	const { resources } = await latest();
	return resources
		.filter(({ type }) => type === "kubernetes:core/v1:Namespace")
		.flatMap(({ outputs }) => Namespace.safeParse(outputs).data?.metadata ?? []);
}

const Provider = z.object({ clusterIdentifier: z.string(), kubeconfig: z.string(), context: z.string() });

/** The cluster that exists which the stack is on, and the way into it; undefined where it is on none. */
export async function existingInState(): Promise<{ id: string; access: Access } | undefined> {
	const deployment = await latest();
	if (clusterOf(deployment) !== "existing") return undefined;
	const provider = deployment.resources.find(({ type }) => type === "pulumi:providers:kubernetes");
	const { data } = Provider.safeParse(provider?.inputs);
	return data && { id: data.clusterIdentifier, access: { kubeconfig: data.kubeconfig, context: data.context } };
}

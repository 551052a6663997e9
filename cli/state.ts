/** The stack's state, where it is the project's own. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { stackName } from "./stack.ts";

export const stateFolder = ".state/.pulumi";

/** The state is the user's own, elsewhere. */
export const isElsewhere = (): boolean => Boolean(process.env.PULUMI_BACKEND_URL);

export const noneYet = (error: NodeJS.ErrnoException): undefined => {
	if (error.code !== "ENOENT") throw error;
};

// What is only read has no inputs.
const Creation = z.object({ urn: z.string(), type: z.string(), inputs: z.unknown().optional() });
export type Creation = z.infer<typeof Creation>;

/** The part of a DIY backend's checkpoint that says what was being made when an update ended. */
const Checkpoint = z.object({
	checkpoint: z.object({
		latest: z.object({
			resources: z.array(z.object({ urn: z.string() })).default([]),
			pending_operations: z.array(z.object({ type: z.string(), resource: Creation })).default([]),
		}),
	}),
});

/** What the stack's state holds; undefined where there is none, or it is elsewhere. */
export async function latest() {
	if (isElsewhere()) return undefined;
	const text = await readFile(join(stateFolder, "stacks/nodeport-lab", `${stackName}.json`), "utf8").catch(noneYet);
	return text === undefined ? undefined : Checkpoint.parse(JSON.parse(text)).checkpoint.latest;
}

/** The kind of cluster that the stack is on; undefined where it is on none, or its state is elsewhere. */
export async function clusterInState(): Promise<"kind" | "existing" | undefined> {
	const { resources = [] } = (await latest()) ?? {};
	const holds = (component: string) => resources.some(({ urn }) => urn.includes(`nodeport-lab:index:${component}::`));
	return holds("KindCluster") ? "kind" : holds("ExistingCluster") ? "existing" : undefined;
}

/** What is recorded about a cluster in files of its first control plane. */
import { attempt, run } from "../lib/subprocess.ts";
import { ClusterSpec } from "./spec/clusterSpec.ts";

/** It exists once the cluster is complete: how long the creation took, and the spec that it was created from. */
const completionMark = "/kind/nodeport-lab.finished";

/** The creation id of a cluster that another program created and this project adopted. */
const adoptionMark = "/kind/nodeport-lab.adopted";

export interface Completion {
	/** How long the creation took; 0 if an older version created the cluster, or another program. */
	seconds: number;
	/** Absent if an older version created the cluster. */
	spec?: ClusterSpec;
}

/** Records that the cluster is complete. */
export const markComplete = (spec: ClusterSpec, seconds: number): Promise<void> =>
	write(spec.name, completionMark, `${Math.ceil(seconds)}\n${JSON.stringify(spec)}\n`);

/** @returns undefined if the creation hasn't finished, as while it runs or after it was interrupted */
export async function readCompletion(cluster: string): Promise<Completion | undefined> {
	const text = await read(cluster, completionMark);
	if (text === undefined) return undefined;
	const [seconds, json] = text.split("\n");
	const { data: spec } = ClusterSpec.safeParse(parsed(json));
	return { seconds: Number(seconds) || 0, ...(spec && { spec }) };
}

/** An older version recorded no spec. */
function parsed(json = ""): unknown {
	try {
		return JSON.parse(json);
	} catch {
		return undefined;
	}
}

export const markAdopted = (cluster: string, id: string): Promise<void> => write(cluster, adoptionMark, `${id}\n`);

export const adoptedId = async (cluster: string): Promise<string | undefined> =>
	(await read(cluster, adoptionMark))?.trim() || undefined;

async function write(cluster: string, path: string, text: string): Promise<void> {
	await run("docker", ["exec", "--interactive", `${cluster}-control-plane`, "cp", "/dev/stdin", path], { input: text });
}

async function read(cluster: string, path: string): Promise<string | undefined> {
	// Unlike `docker exec`, this also works while the container is stopped. It prints a tar archive of one file.
	const copy = await attempt("docker", ["cp", `${cluster}-control-plane:${path}`, "-"]);
	if (copy.ok) return /\0([^\0]+)\0*$/.exec(copy.stdout)?.[1] ?? "";
	if (!/no such container|could not find the file/i.test(copy.stderr)) throw new Error(copy.message);
	return undefined;
}

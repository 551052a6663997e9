/** A client outside the cluster: a container on kind's network, beside the nodes. */
import { randomBytes } from "node:crypto";
import { docker } from "./docker.ts";

/** The container's name. */
export const outsideName = (cluster: string): string => `${cluster}-outside`;

const mark = "nodeport-lab/outside";

async function find(cluster: string): Promise<{ id: string; running: boolean } | undefined> {
	const format = `{{.Label "${mark}"}} {{.State}}`;
	const found = await docker("ps", "--all", "--filter", `name=^${outsideName(cluster)}$`, "--format", format);
	const [id, state] = found.split(" ");
	return id ? { id, running: state === "running" } : undefined;
}

/** The id of the running client, else a new one: as a trigger it shows Pulumi that the client is gone. */
export async function outsideId(cluster: string): Promise<string> {
	const found = await find(cluster);
	return found?.running ? found.id : randomBytes(4).toString("hex");
}

/** Starts the client of that id, unless it runs, and tells its address on kind's network. */
export async function openOutside(cluster: string, image: string, id: string): Promise<string> {
	const name = outsideName(cluster);
	const found = await find(cluster);
	if (!found?.running || found.id !== id) {
		await closeOutside(cluster);
		// It needs no more than a network: no capability, no way to write.
		const bounds = ["--network", "kind", "--cap-drop", "ALL", "--read-only", "--user", "65532"];
		const labelled = ["--name", name, "--label", `${mark}=${id}`];
		await docker("run", "--detach", ...labelled, ...bounds, image, "/usr/local/bin/idle");
	}
	return docker("inspect", "--format", "{{.NetworkSettings.Networks.kind.IPAddress}}", name);
}

/** Removes the client; succeeds where there is none. */
export async function closeOutside(cluster: string): Promise<void> {
	if (await find(cluster)) await docker("rm", "--force", outsideName(cluster));
}

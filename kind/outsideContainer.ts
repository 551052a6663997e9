/** A client outside the cluster: a container on kind's network, beside the nodes. */
import { randomBytes } from "node:crypto";
import { docker, kindNetwork } from "./docker.ts";
import { ownerIn, refuseStrangers } from "./owner.ts";

/** The cluster that it is outside of; `id` is the cluster's, and says whose the client is. */
export interface Inside {
	name: string;
	id: string;
}

/** The container's name. */
export const outsideName = (cluster: string): string => `${cluster}-outside`;

const idLabel = "nodeport-lab/outside";
const clusterLabel = "nodeport-lab/cluster";

interface OutsideContainer {
	name: string;
	/** Absent, as the next: something else than this project made it. */
	id?: string;
	/** The creation id of its cluster. */
	creationId?: string;
	running: boolean;
}

async function find(filter: string): Promise<OutsideContainer[]> {
	const format = `{{.Names}},{{.Label "${idLabel}"}},{{.Label "${clusterLabel}"}},{{.State}}`;
	const found = await docker("ps", "--all", "--filter", filter, "--format", format);
	return found
		.split("\n")
		.filter(Boolean)
		.map((line) => {
			const [name = "", id, creationId, state] = line.split(",");
			return { name, running: state === "running", ...(id && { id }), ...(creationId && { creationId }) };
		});
}

/** @throws where the container of that name is somebody else's */
async function findOwn(cluster: Inside): Promise<OutsideContainer | undefined> {
	const name = outsideName(cluster.name);
	const found = await find(`name=^${name}$`);
	refuseStrangers("outside client", name, found, ownerIn(cluster.id));
	return found[0];
}

/** The id of the running client, else a new one: as a trigger it shows Pulumi that the client is gone. */
export async function outsideId(cluster: Inside): Promise<string> {
	const own = await findOwn(cluster);
	return own?.running && own.id ? own.id : randomBytes(4).toString("hex");
}

/** Starts the client of that id, unless it runs, and tells its address on kind's network. */
export async function openOutside(cluster: Inside, image: string, id: string): Promise<string> {
	const own = await findOwn(cluster);
	const name = outsideName(cluster.name);
	if (!own?.running || own.id !== id) {
		if (own) await docker("rm", "--force", name);
		// It needs no more than a network: no capability, no way to get one or to write, no root's group.
		const privileges = ["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--user", "65532:65532"];
		const bounds = ["--network", kindNetwork, "--read-only", ...privileges];
		const labels = ["--label", `${idLabel}=${id}`, "--label", `${clusterLabel}=${cluster.id}`];
		await docker("run", "--detach", "--name", name, ...labels, ...bounds, image, "/usr/local/bin/idle");
	}
	return docker("inspect", "--format", `{{(index .NetworkSettings.Networks "${kindNetwork}").IPAddress}}`, name);
}

/** Removes the owner's clients, but not that of the named cluster; succeeds where there is none. */
export async function closeOutside(owner: string, except?: string): Promise<void> {
	const own = (await find(`label=${clusterLabel}`)).filter(
		({ name, creationId = "" }) =>
			ownerIn(creationId) === owner && (except === undefined || name !== outsideName(except)),
	);
	for (const { name } of own) await docker("rm", "--force", name);
}

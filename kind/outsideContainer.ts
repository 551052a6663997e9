/** A client outside the cluster: a container on kind's network, next to the nodes. */
import { randomBytes } from "node:crypto";
import { docker, kindNetwork } from "./docker.ts";
import { ownerIn, refuseForeign } from "./owner.ts";

/** The cluster that it is outside of. The creation id names the owner. */
export interface ClientCluster {
	name: string;
	id: string;
}

/** The container's name. */
export const outsideClientName = (cluster: string): string => `${cluster}-outside`;

const idLabel = "nodeport-lab/outside";
const clusterLabel = "nodeport-lab/cluster";

interface OutsideContainer {
	name: string;
	/** Absent, like the next one, if this project didn't create the container. */
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

/** @throws if a container of that name belongs to somebody else */
async function findOwn(cluster: ClientCluster): Promise<OutsideContainer | undefined> {
	const name = outsideClientName(cluster.name);
	const found = await find(`name=^${name}$`);
	refuseForeign("outside client", name, found, ownerIn(cluster.id));
	return found[0];
}

/** The id of the running client, else a new id, which triggers the replacement of Pulumi's resource. */
export async function outsideClientId(cluster: ClientCluster): Promise<string> {
	const own = await findOwn(cluster);
	return own?.running && own.id ? own.id : randomBytes(4).toString("hex");
}

/**
 * Starts the client with this id, unless it runs.
 * @returns its addresses on kind's network, separated by a space: IPv4, and IPv6 if the network has it
 */
export async function startOutsideClient(cluster: ClientCluster, image: string, id: string): Promise<string> {
	const own = await findOwn(cluster);
	const name = outsideClientName(cluster.name);
	if (!own?.running || own.id !== id) {
		if (own) await docker("rm", "--force", name);
		// It needs only a network.
		const privileges = ["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--user", "65532:65532"];
		const bounds = ["--network", kindNetwork, "--read-only", ...privileges];
		const labels = ["--label", `${idLabel}=${id}`, "--label", `${clusterLabel}=${cluster.id}`];
		await docker("run", "--detach", "--name", name, ...labels, ...bounds, image, "/usr/local/bin/idle");
	}
	const addresses = `{{with index .NetworkSettings.Networks "${kindNetwork}"}}{{.IPAddress}} {{.GlobalIPv6Address}}{{end}}`;
	return (await docker("inspect", "--format", addresses, name)).trim();
}

/** Removes the owner's clients, except the client of one cluster. */
export async function removeOutsideClients(owner: string, except?: string): Promise<void> {
	const own = (await find(`label=${clusterLabel}`)).filter(
		({ name, creationId = "" }) =>
			ownerIn(creationId) === owner && (except === undefined || name !== outsideClientName(except)),
	);
	await Promise.all(own.map(({ name }) => docker("rm", "--force", name)));
}

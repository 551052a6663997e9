/** What this project asks of the Docker engine: the containers that are a cluster's nodes, and images. */
import { ExecaError, execa } from "execa";
import { z } from "zod";

export interface NodeContainer {
	name: string;
	state: string;
	/** RFC 3339. */
	startedAt: string;
	/** Absent: something else than this project made it. */
	creationId?: string;
}

// The creation id is where /dev/null is mounted in every node: `docker inspect` shows it as soon as the container
// exists, running or not, and nothing but the container's own end removes it.
export const markPrefix = "/kind/nodeport-lab/";

export async function docker(...args: string[]): Promise<string> {
	try {
		return (await execa("docker", args)).stdout;
	} catch (error) {
		if (!(error instanceof ExecaError)) throw error;
		if (error.code === "ENOENT") throw new Error("docker is not on PATH: run `npm start`, or source .toolchain/env");
		const said = String(error.stderr ?? "").trim() || error.shortMessage;
		if (/cannot connect to the docker daemon|is the docker daemon running|error during connect/i.test(said)) {
			throw new Error(`no Docker engine answers (${said}): \`npm start\` starts one`);
		}
		throw new Error(`${error.command}: ${said}`);
	}
}

/** The node containers of a kind cluster of that name, whoever made it, running or not. */
export async function findNodes(name: string): Promise<NodeContainer[]> {
	const ids = await docker("ps", "--all", "--quiet", "--filter", `label=io.x-k8s.kind.cluster=${name}`);
	if (ids === "") return [];
	const inspected = z
		.array(
			z.object({
				Name: z.string(),
				State: z.object({ Status: z.string(), StartedAt: z.string() }),
				Mounts: z.array(z.object({ Destination: z.string() })),
			}),
		)
		.parse(JSON.parse(await docker("inspect", ...ids.split("\n"))));
	return inspected.map((container) => {
		const mark = container.Mounts.find((mount) => mount.Destination.startsWith(markPrefix));
		return {
			name: container.Name.replace(/^\//, ""),
			state: container.State.Status,
			startedAt: container.State.StartedAt,
			...(mark && { creationId: mark.Destination.slice(markPrefix.length) }),
		};
	});
}

/** The image's id on the engine (sha256:…): another build of the same tag has another. */
export async function imageId(image: string): Promise<string> {
	try {
		return await docker("image", "inspect", "--format", "{{.Id}}", image);
	} catch (error) {
		if (!/no such image/i.test(String(error))) throw error;
		throw new Error(
			`image "${image}" is not on the Docker engine. The lab's own images are made by \`npm start\`; ` +
				`get another by \`docker pull ${image}\``,
		);
	}
}

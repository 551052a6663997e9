import pLimit from "p-limit";
import type { Run } from "../run.ts";

/** On every image that is built here: to find it again, and to remove what a newer build has replaced. */
const label = "nodeport-lab";

/** One build at a time: the removal of what a build leaves would take another's first stage. */
const oneAtATime = pLimit(1);

/**
 * `docker build` of a folder with a Dockerfile. A recent client builds by its plugin buildx only; where that is not
 * installed (Debian's docker.io, static binaries), the engine's own builder does the same.
 * @param buildArguments BASE, the image that it builds on: one that the build pulls goes afterwards
 */
export function dockerBuild(
	run: Run,
	tag: string,
	folder: string,
	buildArguments: { BASE?: string; [name: string]: string } = {},
): Promise<void> {
	return oneAtATime(async () => {
		const { BASE: base } = buildArguments;
		const isThere = async (image: string) => (await run("docker", ["image", "ls", "--quiet", image])).stdout !== "";
		const mayPull = base !== undefined && !(await isThere(base));
		const plugins = await run("docker", ["info", "--format", "{{range .ClientInfo.Plugins}}{{.Name}} {{end}}"]);
		const buildx = plugins.stdout.split(" ").includes("buildx");
		const args = Object.entries(buildArguments).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]);
		await run(
			"docker",
			["build", "--tag", tag, "--label", `${label}=`, ...(buildx ? ["--load"] : []), ...args, folder],
			// Attestations make an index of an image, which `kind load docker-image` cannot read.
			{ env: buildx ? { BUILDX_NO_DEFAULT_ATTESTATIONS: "1" } : { DOCKER_BUILDKIT: "0" } },
		);
		// buildx keeps what it pulls in its cache, the engine's own builder among the images.
		if (mayPull && (await isThere(base))) await run("docker", ["image", "rm", base]);
		await prune(run);
	});
}

const prune = (run: Run) => run("docker", ["image", "prune", "--force", "--filter", `label=${label}`]);

/** Removes our images without a name: the former ones, and the first stages that the engine's own builder leaves. */
export async function removeReplaced(run: Run): Promise<void> {
	await oneAtATime(() => prune(run));
}

/** `docker import`: makes an image of an archive of its files, with instructions of a Dockerfile for the rest. */
export async function dockerImport(run: Run, tag: string, archive: string, instructions: string[] = []): Promise<void> {
	const changes = [`LABEL ${label}=`, ...instructions].flatMap((instruction) => ["--change", instruction]);
	await run("docker", ["import", ...changes, archive, tag]);
}

/** Makes an image with one static program, the file usr/local/bin/<program> below `folder`. */
export async function importProgram(
	run: Run,
	tag: string,
	{ folder, program, instructions = [] }: { folder: string; program: string; instructions?: string[] },
): Promise<void> {
	const archive = `${folder}.tar`;
	await run("tar", ["--create", "--file", archive, "--directory", folder, "usr"]);
	await dockerImport(run, tag, archive, [`ENTRYPOINT ["/usr/local/bin/${program}"]`, ...instructions]);
}

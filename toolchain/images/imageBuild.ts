import pLimit from "p-limit";
import type { Run } from "../run.ts";

/** A label of all images that are built here. Images that a newer build has replaced are found by it. */
const label = "nodeport-lab";

/** One build at a time: removing what a build left would remove another build's first stage. */
const oneAtATime = pLimit(1);

/**
 * `docker build` of a folder with a Dockerfile. A recent client builds only with its plugin buildx. If that isn't
 * installed (Debian's docker.io, static binaries), the engine's own builder is used.
 * @param buildArguments BASE: the base image. If the build pulls it, it is removed afterwards.
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
			{ env: buildx ? await buildxSettings(run) : { DOCKER_BUILDKIT: "0" } },
		);
		// buildx keeps a pulled image in its cache, the engine's own builder keeps it as an image.
		if (mayPull && (await isThere(base))) await run("docker", ["image", "rm", base]);
		await prune(run);
	});
}

async function buildxSettings(run: Run): Promise<Record<string, string>> {
	// The builder in the engine has the name of Docker's context. Another one doesn't find the images that were built before.
	const { stdout: builder } = await run("docker", ["context", "inspect", "--format", "{{.Name}}"]);
	// With attestations, an image becomes an index, which `kind load docker-image` can't read.
	return { BUILDX_BUILDER: builder, BUILDX_NO_DEFAULT_ATTESTATIONS: "1" };
}

const prune = (run: Run) => run("docker", ["image", "prune", "--force", "--filter", `label=${label}`]);

/** Removes the lab's images without a name: replaced ones, and the first stages that the engine's own builder leaves. */
export async function removeReplaced(run: Run): Promise<void> {
	await oneAtATime(() => prune(run));
}

/** `docker import`: makes an image from an archive of its files and from instructions of a Dockerfile. */
export async function dockerImport(run: Run, tag: string, archive: string, instructions: string[] = []): Promise<void> {
	const changes = [`LABEL ${label}=`, ...instructions].flatMap((instruction) => ["--change", instruction]);
	await run("docker", ["import", ...changes, archive, tag]);
}

/** Makes an image with one static program, usr/local/bin/<program> in `folder`. */
export async function importProgram(
	run: Run,
	tag: string,
	{ folder, program, instructions = [] }: { folder: string; program: string; instructions?: string[] },
): Promise<void> {
	const archive = `${folder}.tar`;
	await run("tar", ["--create", "--file", archive, "--directory", folder, "usr"]);
	await dockerImport(run, tag, archive, [`ENTRYPOINT ["/usr/local/bin/${program}"]`, ...instructions]);
}

import { type ImageContext, images, type Run } from "./context.ts";
import { dockerBuild, importProgram } from "./docker.ts";

const source = `${import.meta.dirname}/echo`;

/** Builds the echo server's image: with this machine's Go, else with Go from a container registry. */
export async function buildEcho(context: ImageContext): Promise<void> {
	if (await hasGo(context.run)) await buildWithGo(context);
	else await dockerBuild(context.run, images.echo, source);
}

async function buildWithGo({ work, run }: ImageContext): Promise<void> {
	const folder = `${work}/echo`;
	await goBuild(run, { cwd: source, target: ".", output: `${folder}/usr/local/bin/echo` });
	// The instructions are those of echo/Dockerfile.
	await importProgram(run, images.echo, { folder, program: "echo", instructions: ["USER 65532:65532", "EXPOSE 8080"] });
}

/** Builds a small static program for the engine's Linux. */
export async function goBuild(run: Run, options: { cwd: string; target: string; output: string }): Promise<void> {
	const { cwd, target, output } = options;
	await run("go", ["build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", output, target], {
		cwd,
		env: { CGO_ENABLED: "0", GOOS: "linux" },
	});
}

function hasGo(run: Run): Promise<boolean> {
	return run("go", ["version"]).then(
		() => true,
		() => false,
	);
}

import { hasGo } from "../builds/goCommand.ts";
import { type ImageContext, images } from "./context.ts";
import { buildGoProgram } from "./goProgram.ts";
import { dockerBuild, importProgram } from "./imageBuild.ts";

/** golang:1.26.8-bookworm, for all platforms that Docker publishes. */
export const goImage = "golang@sha256:f4191582e1522dfc5980a6bdc0309a756f9697f3e7d0f199c7e26fc82ab324fd";

/** The folder of its Go module. */
export const echoSource = `${import.meta.dirname}/echo`;

/** Builds the echo's image, with this machine's Go or with a Go image from a registry. */
export async function buildEcho({ work, run }: ImageContext): Promise<void> {
	if (await hasGo(echoSource)) {
		const folder = `${work}/echo`;
		await buildGoProgram(run, { cwd: echoSource, target: ".", output: `${folder}/usr/local/bin/echo` });
		// The same instructions as in echo/Dockerfile.
		await importProgram(run, images.echo, {
			folder,
			program: "echo",
			instructions: ["USER 65532:65532", "EXPOSE 8080/tcp 8080/udp"],
		});
	} else {
		await dockerBuild(run, images.echo, echoSource, { BASE: goImage });
	}
}

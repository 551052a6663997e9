/** Finds, downloads and builds the tools in tools.ts. */
import { chmod, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { execa } from "execa";
import { limitBuilds, moduleVersion } from "../builds/goModule.ts";
import { contentKey, findEntry, makeEntry } from "../cache.ts";
import { cacheRoot } from "../layout.ts";
import { findPrograms } from "../path.ts";
import { type Have, obtain, type Source, type Step, type Work } from "../steps/step.ts";
import { parseVersion, type Version } from "../version.ts";
import { type Download, download, whyUnreachable } from "./download.ts";
import { kind, kubectl, pulumi, type Tool } from "./tools.ts";

const toolStep = (tool: Tool): Step => ({
	title: tool.name,
	name: tool.name,
	needs: [],
	find: () => locate(tool),
	get: (work) => getTool(tool, work),
});

export const kindStep = toolStep(kind);
export const pulumiStep = toolStep(pulumi);
export const kubectlStep = toolStep(kubectl);

/** The version that a program prints. */
async function askVersion(program: string, args: string[]): Promise<Version | undefined> {
	// Otherwise `pulumi version` writes a log into the user's home and looks for a newer version.
	const env = { PULUMI_HOME: join(cacheRoot(), "asking"), PULUMI_SKIP_UPDATE_CHECK: "true" };
	const { stdout, failed } = await execa(program, args, { reject: false, timeout: 10_000, env });
	return failed ? undefined : parseVersion(stdout);
}

/** The machine's own tool, else one that was downloaded or built before. */
export async function locate(tool: Tool): Promise<(Have & { program: string }) | undefined> {
	for (const program of findPrograms(tool.name)) {
		const version = await askVersion(program, tool.versionArguments);
		if (!version || !tool.fits(version, program)) continue;
		return { what: `${tool.name} v${version.join(".")}`, how: `found in ${dirname(program)}`, program };
	}
	const version = await moduleVersion(tool.build);
	const what = `${tool.name} ${version}`;
	const downloaded = findEntry(`${tool.name}-downloaded`, downloadKey(version));
	if (downloaded) return { what, how: "downloaded", program: join(downloaded, tool.archived ?? tool.name) };
	const built = await tool.findBuilt();
	return built === undefined ? undefined : { what, how: "built", program: join(built, tool.name) };
}

/** Downloads or builds the tool. */
export async function getTool(tool: Tool, work: Work): Promise<void> {
	const version = await moduleVersion(tool.build);
	const sources = tool.downloads(version).map(
		(from): Source => ({
			name: from.url,
			unreachable: () => whyUnreachable(from.url),
			get: () => work.part("downloading", () => getDownload(tool, version, from, work)),
		}),
	);
	const build = async () => {
		await limitBuilds(() => work.part("building", () => tool.makeBuilt(work.run)));
	};
	await obtain(sources, build, work);
}

const downloadKey = (version: string): string => contentKey(version, process.platform, process.arch);

async function getDownload(tool: Tool, version: string, from: Download, work: Work): Promise<void> {
	await makeEntry(`${tool.name}-downloaded`, downloadKey(version), async (folder) => {
		const file = join(folder, basename(from.url));
		await download(from, file);
		if (tool.archived) {
			await work.run("tar", ["-xzf", file, "-C", folder]);
			await rm(file);
			return;
		}
		await chmod(file, 0o755);
		await rename(file, join(folder, tool.name));
	});
}

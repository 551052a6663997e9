/** What stands in for Pulumi's own binaries where they cannot be downloaded: the CLI built, and the lab's plugins. */
import { copyFile, link } from "node:fs/promises";
import { join } from "node:path";
import { buildKey, type GoBuild, makeBuild } from "../builds/goModule.ts";
import { contentKey, filesKey, findEntry, makeEntry } from "../cache.ts";
import { project } from "../layout.ts";
import type { Run } from "../run.ts";

export const pulumiBuild: GoBuild = {
	name: "pulumi",
	module: "github.com/pulumi/pulumi/pkg/v3",
	packages: ["github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"],
	ldflags: "-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={version}",
};

// The lock file says which releases of their dependencies are bundled into the substitutes.
let key: Promise<string> | undefined;
const substitutesKey = (): Promise<string> => {
	const sources = ["toolchain/substitutes", "lib/poll.ts", "lib/process.ts", "package-lock.json"];
	key ??= filesKey(...sources.map((path) => join(project, path)));
	return key;
};

/** The folder with the substitutes that were bundled before: bin/ for the language host, plugins/ for the providers. */
export async function findSubstitutes(): Promise<string | undefined> {
	return findEntry("substitutes", await substitutesKey());
}

export async function makeSubstitutes(): Promise<string> {
	return makeEntry("substitutes", await substitutesKey(), async (folder) => {
		const { buildSubstitutes } = await import("../substitutes/build.ts");
		await buildSubstitutes(folder);
	});
}

const pulumiKey = async (): Promise<string> => contentKey(await buildKey(pulumiBuild), await substitutesKey());

/** The folder with a built CLI and, beside it, where the engine takes it without a warning, the language host. */
export async function findPulumi(): Promise<string | undefined> {
	return findEntry("pulumi-with-host", await pulumiKey());
}

export async function makePulumi(run: Run): Promise<string> {
	const [cli, substitutes] = [await makeBuild(pulumiBuild, run), await makeSubstitutes()];
	return makeEntry("pulumi-with-host", await pulumiKey(), async (folder) => {
		await link(join(cli, "pulumi"), join(folder, "pulumi"));
		for (const file of ["pulumi-language-nodejs", "package.json"]) {
			await copyFile(join(substitutes, "bin", file), join(folder, file));
		}
	});
}

/** The command line tools: suitable versions, downloads and builds. */
import { existsSync, realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { findBuild, type GoBuild, makeBuild } from "../builds/goModule.ts";
import { project } from "../layout.ts";
import { findPrograms } from "../path.ts";
import { findPulumi, makePulumi, pulumiBuild } from "../plugins/substitutes.ts";
import type { Run } from "../run.ts";
import { isAtLeast, parseVersion, type Version } from "../version.ts";
import type { Download } from "./download.ts";

export interface Tool {
	/** The name of the program. */
	name: string;
	/** Also pins its version. */
	build: GoBuild;
	/** Arguments that make it print its version. */
	versionArguments: string[];
	/** Whether the lab can use the machine's own. */
	fits(version: Version, program: string): boolean;
	/** In order of preference. */
	downloads(version: string): Download[];
	/** The program's path in the downloaded archive; absent if the download is the program. */
	archived?: string;
	/** The folder with the program, if it was built before. */
	findBuilt(): Promise<string | undefined>;
	/** Builds it. */
	makeBuilt(run: Run): Promise<string>;
}

const system = process.platform; // "linux" or "darwin", as in Go and in the vendors' URLs
const architecture = process.arch === "x64" ? "amd64" : process.arch;

const plainBuild = (build: GoBuild): Pick<Tool, "build" | "findBuilt" | "makeBuilt"> => ({
	build,
	findBuilt: () => findBuild(build),
	makeBuilt: (run) => makeBuild(build, run),
});

/** kind's node images only fit its own minor version. */
export const kind: Tool = {
	name: "kind",
	...plainBuild({ name: "kind", module: "sigs.k8s.io/kind", packages: ["sigs.k8s.io/kind"] }),
	versionArguments: ["version"],
	fits: ([major, minor]) => major === 0 && minor === 33,
	downloads: (version) =>
		[
			`https://kind.sigs.k8s.io/dl/${version}/kind-${system}-${architecture}`,
			`https://github.com/kubernetes-sigs/kind/releases/download/${version}/kind-${system}-${architecture}`,
		].map((url) => ({ url, checksums: `${url}.sha256sum` })),
};

/** Go compiles the packages that programs of this module share only once. */
export const kubernetesBuild = (...packages: string[]): GoBuild => ({
	name: "kubernetes",
	module: "k8s.io/kubernetes",
	packages,
	ldflags:
		"-X k8s.io/component-base/version.gitVersion={version} -X k8s.io/component-base/version.gitMajor=1 " +
		"-X k8s.io/component-base/version.gitMinor=36 -X k8s.io/client-go/pkg/version.gitVersion={version}",
});

/** One minor version older or newer than the API server: https://kubernetes.io/releases/version-skew-policy/#kubectl */
export const kubectl: Tool = {
	name: "kubectl",
	...plainBuild(kubernetesBuild("k8s.io/kubernetes/cmd/kubectl")),
	versionArguments: ["version", "--client", "--output=json"],
	fits: ([major, minor]) => major === 1 && Math.abs(minor - 36) <= 1,
	downloads: (version) => {
		const url = `https://dl.k8s.io/release/${version}/bin/${system}/${architecture}/kubectl`;
		return [{ url, checksums: `${url}.sha256` }];
	},
};

const sdk = JSON.parse(await readFile(join(project, "node_modules/@pulumi/pulumi/package.json"), "utf8")) as {
	version: string;
};

/** Not older than the SDK, and of the same major version: Pulumi's CLI is compatible with older SDKs only. */
export function fitsSdk(version: Version, sdkVersion = sdk.version): boolean {
	const oldest = parseVersion(sdkVersion) ?? version;
	return version[0] === oldest[0] && isAtLeast(version, oldest);
}

/** The engine finds a language host in the program's real folder or on PATH. */
const hasLanguageHost = (program: string): boolean =>
	existsSync(join(dirname(realpathSync(program)), "pulumi-language-nodejs")) ||
	findPrograms("pulumi-language-nodejs").length > 0;

export const pulumi: Tool = {
	name: "pulumi",
	build: pulumiBuild,
	findBuilt: findPulumi,
	makeBuilt: makePulumi,
	versionArguments: ["version"],
	fits: (version, program) => fitsSdk(version) && hasLanguageHost(program),
	downloads: (version) =>
		["https://get.pulumi.com/releases/sdk", `https://github.com/pulumi/pulumi/releases/download/${version}`].map(
			(base) => ({
				url: `${base}/pulumi-${version}-${system}-${process.arch}.tar.gz`,
				checksums: `${base}/pulumi-${version.slice(1)}-checksums.txt`,
			}),
		),
	archived: "pulumi/pulumi",
};

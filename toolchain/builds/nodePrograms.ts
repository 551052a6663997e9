/** The programs in a node image that is built here. */
import { link, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Work } from "../steps/step.ts";
import { kubectl, kubernetesBuild } from "../tools/tools.ts";
import { buildKey, type GoBuild, limitBuilds, makeBuild, moduleVersion } from "./goModule.ts";

export const nodeBuilds: GoBuild[] = [
	kubectl.build,
	kubernetesBuild("./kubernetes", "./coredns"),
	{
		name: "containerd",
		module: "github.com/containerd/containerd/v2",
		packages: ["containerd", "ctr", "containerd-shim-runc-v2"].map(
			(program) => `github.com/containerd/containerd/v2/cmd/${program}`,
		),
		ldflags: "-X github.com/containerd/containerd/v2/version.Version={version}",
	},
	{ name: "etcd", module: "go.etcd.io/etcd/server/v3", packages: ["go.etcd.io/etcd/server/v3"], program: "etcd" },
];

/** The programs' part of the image's key. */
export async function nodeProgramKeys(): Promise<string[]> {
	return Promise.all(nodeBuilds.map(buildKey));
}

/** Builds what was not built before. @returns the folders with the programs */
export async function makeNodePrograms(work: Work): Promise<string[]> {
	const make = async (build: GoBuild) => {
		const name = `building ${build.name} ${await moduleVersion(build)}`;
		return limitBuilds(() => work.part(name, () => makeBuild(build, work.run)));
	};
	const [kubectlBuild, ...others] = nodeBuilds;
	// Built at the same time as the others, its packages would be compiled twice.
	const first = kubectlBuild === undefined ? [] : [await make(kubectlBuild)];
	return [...first, ...(await Promise.all(others.map(make)))];
}

/** Links all programs into one folder on the same disk. */
export async function gatherPrograms(folders: string[], target: string): Promise<void> {
	for (const folder of folders) {
		for (const program of await readdir(folder)) await link(join(folder, program), join(target, program));
	}
}

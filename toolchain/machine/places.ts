/** Where the lab and its set-up write: how much each place takes, and how there is more room in it. */
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { cacheRoot, project } from "../layout.ts";

const mebibyte = 2 ** 20;
const gibibyte = 2 ** 30;

/** A folder, with amounts in bytes. */
export interface Place {
	what: string;
	folder: string;
	/** Below this the lab fails for certain. */
	least: number;
	/** What it takes where it takes most. */
	most: number;
	/** The command after which it has more room. */
	more: string;
}

export interface Lack {
	/** Of the nodes: those that the cluster does not have yet. */
	nodes: number;
	/** Programs and images are still to be downloaded or built. */
	setUp: boolean;
}

/** A node of the lab's own image begins with a copy of 63 MB, one of kindest/node with 654 MB, as measured. */
const node = { least: 64 * mebibyte, most: 750 * mebibyte };
/** The images are 1.1 GB; while one is built, its parts are there twice. The cache grows to 0.9 GB. */
const images = { least: 1 * gibibyte, most: 2 * gibibyte };
const cache = { least: 100 * mebibyte, most: 1 * gibibyte };
/** Reports, logs, state. */
const files = { least: 10 * mebibyte, most: 100 * mebibyte };
/** No single one of Go's places takes more of a first set-up's 4 GiB. */
const build = { least: 0, most: 2 * gibibyte };

/** What the lab keeps. @param dataFolder the engine's, where that is on this machine */
export function placesKept(dataFolder: string | undefined, { nodes, setUp }: Lack): Place[] {
	const once = setUp ? 1 : 0;
	const engine = { least: nodes * node.least + once * images.least, most: nodes * node.most + once * images.most };
	// Neither removes an image with a name, nor a container: nodes may be stopped.
	const prune = "docker builder prune && docker image prune";
	const elsewhere = "export XDG_CACHE_HOME=<a folder with room>";
	return [
		...(dataFolder === undefined ? [] : [{ what: "the engine's data", folder: dataFolder, ...engine, more: prune }]),
		{
			what: "set-up's cache",
			folder: cacheRoot(),
			least: once * cache.least,
			most: once * cache.most,
			more: elsewhere,
		},
		{ what: "this project", folder: project, ...files, more: "rm -rf out/evidence-*" },
	];
}

/** What else a set-up writes to while it builds. @param go its GOCACHE and GOMODCACHE, where there is Go */
export function placesOfBuilds([buildCache = "", modules = ""]: string[]): Place[] {
	return [
		{ what: "Go's build cache", folder: buildCache, ...build, more: "go clean -cache" },
		{ what: "Go's modules", folder: modules, ...build, more: "go clean -modcache" },
		{
			what: "temporary files",
			folder: process.env.GOTMPDIR || tmpdir(),
			...build,
			more: `export ${process.env.GOTMPDIR ? "GOTMPDIR" : "TMPDIR"}=<a folder with room>`,
		},
	].filter(({ folder }) => folder !== "");
}

/** The folder itself, or the nearest one above it that exists: on the same disk. */
export const nearest = (folder: string): string => (existsSync(folder) ? folder : nearest(dirname(folder)));

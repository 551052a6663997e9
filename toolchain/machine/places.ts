/** Where the lab and set-up write, how much space they need there, and how to free some. */
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
	/** With less, the lab fails. */
	least: number;
	/** The most that it needs. */
	most: number;
	/** A command that frees space. */
	more: string;
}

export interface Lack {
	/** The number of nodes that the cluster doesn't have yet. */
	nodes: number;
	/** Programs and images are still to be downloaded or built. */
	setUp: boolean;
}

/** A node of the lab's own image starts with a copy of 63 MB, one of kindest/node with 654 MB (measured). */
const node = { least: 64 * mebibyte, most: 750 * mebibyte };
/** The images have 1.1 GB, and twice that during a build. The cache grows to 0.9 GB. */
const images = { least: 1 * gibibyte, most: 2 * gibibyte };
const cache = { least: 100 * mebibyte, most: 1 * gibibyte };
/** Reports, logs, state. */
const files = { least: 10 * mebibyte, most: 100 * mebibyte };
/** A first set-up takes 4 GiB; each of Go's folders takes at most half of it. */
const build = { least: 0, most: 2 * gibibyte };

/** What stays after set-up. @param dataFolder of an engine on this machine */
export function placesKept(dataFolder: string | undefined, { nodes, setUp }: Lack): Place[] {
	const once = setUp ? 1 : 0;
	const engine = { least: nodes * node.least + once * images.least, most: nodes * node.most + once * images.most };
	// These keep tagged images and all containers; nodes may be stopped.
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

/** Where set-up writes only while it builds. @param go GOCACHE and GOMODCACHE, if there is Go */
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

/** The folder, or its nearest parent that exists. */
export const nearest = (folder: string): string => (existsSync(folder) ? folder : nearest(dirname(folder)));

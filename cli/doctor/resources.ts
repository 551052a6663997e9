/** Memory and disk. */
import { existsSync } from "node:fs";
import { stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { cacheRoot, project } from "../../toolchain/layout.ts";
import type { Finding, Level } from "./finding.ts";

const mebibyte = 2 ** 20;
const gibibyte = 2 ** 30;
const gib = (bytes: number): string => `${(bytes / gibibyte).toFixed(1)} GiB`;

/** What nodes take right after they came up, as measured with Kubernetes 1.36. */
const controlPlaneTakes = 560 * mebibyte;
const workerTakes = 140 * mebibyte;
/** Pulumi, its plugins and the verification. */
const toolsTake = 512 * mebibyte;

export interface Memory {
	/** Bytes that the engine's machine has. */
	total: number;
	/** Of these, not in use now; absent of an engine elsewhere. */
	available?: number;
}

/** @param missing whether the cluster must still come up: a running one has its memory already */
export function judgeMemory({ total, available }: Memory, workers: number, missing: boolean): Finding {
	const subject = "memory";
	const nodes = controlPlaneTakes + workers * workerTakes;
	const has = `${available === undefined ? "" : `${gib(available)} free of `}${gib(total)}`;
	const fix = "pulumi config set workers <fewer>";
	if (total < nodes) {
		return { subject, level: "stop", found: `${has}; a cluster with ${workers} workers takes ${gib(nodes)}`, fix };
	}
	const needed = toolsTake + (missing ? nodes : 0);
	const level = (available ?? total) < needed ? "warning" : "ok";
	return { subject, level, found: `${has}; the lab needs ${gib(needed)} more`, ...(level === "warning" && { fix }) };
}

/** What the lab keeps in a folder, in bytes. */
export interface Use {
	what: string;
	folder: string;
	/** Below this it fails for certain. */
	least: number;
	/** What it takes where it takes most. */
	most: number;
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

/** @param dataFolder the engine's, where that is on this machine */
export function usesOf(dataFolder: string | undefined, { nodes, setUp }: Lack): Use[] {
	const once = setUp ? 1 : 0;
	const engine = { least: nodes * node.least + once * images.least, most: nodes * node.most + once * images.most };
	return [
		...(dataFolder === undefined ? [] : [{ what: "the engine's data", folder: dataFolder, ...engine }]),
		{ what: "set-up's cache", folder: cacheRoot(), least: once * cache.least, most: once * cache.most },
		{ what: "this project", folder: project, ...files },
	];
}

export interface FileSystem {
	/** One of the folders on it. */
	folder: string;
	/** Bytes that its user may still write. */
	free: number;
	uses: Use[];
}

export function judgeDisk({ folder, free, uses }: FileSystem): Finding {
	const sum = (amount: "least" | "most") => uses.reduce((total, use) => total + use[amount], 0);
	const level: Level = free < sum("least") ? "stop" : free < sum("most") ? "warning" : "ok";
	const found = `${gib(free)} free for ${uses.map(({ what }) => what).join(", ")} (${folder}); it takes up to ${gib(sum("most"))} more`;
	return { subject: "disk", level, found, ...(level !== "ok" && { fix: "docker system df" }) };
}

/** The file systems that the folders are on, or will be. */
export async function fileSystemsOf(uses: Use[]): Promise<FileSystem[]> {
	const systems = new Map<number, FileSystem>();
	for (const use of uses) {
		const there = nearest(use.folder);
		const [{ dev }, { bavail, bsize }] = await Promise.all([stat(there), statfs(there)]);
		const system = systems.get(dev) ?? { folder: use.folder, free: bavail * bsize, uses: [] };
		systems.set(dev, { ...system, uses: [...system.uses, use] });
	}
	return [...systems.values()];
}

const nearest = (folder: string): string => (existsSync(folder) ? folder : nearest(dirname(folder)));

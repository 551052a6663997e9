import { stat, statfs } from "node:fs/promises";
import { nearest, type Place } from "../../../toolchain/machine/places.ts";
import type { Finding, Level } from "../finding.ts";

const mebibyte = 2 ** 20;
const gibibyte = 2 ** 30;
const gib = (bytes: number): string => `${(bytes / gibibyte).toFixed(1)} GiB`;

/** What nodes use right after they started, measured with Kubernetes 1.36. */
const controlPlaneMemory = 560 * mebibyte;
const workerMemory = 140 * mebibyte;
/** Pulumi, its plugins and the verification. */
const toolsMemory = 512 * mebibyte;

export interface Memory {
	/** Of the engine's machine, in bytes. */
	total: number;
	/** Unused bytes; absent if the engine is on another machine. */
	available?: number;
}

/** @param missing the cluster isn't running yet, so its memory isn't in use yet */
export function judgeMemory({ total, available }: Memory, workers: number, missing: boolean): Finding {
	const subject = "memory";
	const nodes = controlPlaneMemory + workers * workerMemory;
	const has = `${available === undefined ? "" : `${gib(available)} free of `}${gib(total)}`;
	const fix = fewerWorkers(available ?? total);
	if (total < nodes) {
		return { subject, level: "stop", found: `${has}; a cluster with ${workers} workers needs ${gib(nodes)}`, fix };
	}
	const needed = toolsMemory + (missing ? nodes : 0);
	const level = (available ?? total) < needed ? "warning" : "ok";
	const found = `${has}; ${missing ? "the lab needs" : "next to the running cluster, its tools need"} ${gib(needed)}`;
	return { subject, level, found, ...(level === "warning" && { fix: missing ? fix : makeRoom }) };
}

const makeRoom = "close other programs, or add memory";

/** As many as fit next to the tools. */
function fewerWorkers(free: number): string {
	const most = Math.floor((free - toolsMemory - controlPlaneMemory) / workerMemory);
	return most < 1 ? makeRoom : `pulumi config set workers ${most}`;
}

export interface FileSystem {
	/** One of the folders on it. */
	folder: string;
	/** Bytes that an ordinary user may still write. */
	free: number;
	uses: Place[];
}

export function judgeDisk({ folder, free, uses }: FileSystem): Finding {
	const sum = (amount: "least" | "most") => uses.reduce((total, use) => total + use[amount], 0);
	const level: Level = free < sum("least") ? "stop" : free < sum("most") ? "warning" : "ok";
	const found = `${gib(free)} free for ${uses.map(({ what }) => what).join(", ")} (${folder}); up to ${gib(sum("most"))} more is needed`;
	const fix = uses.flatMap(({ most, more }) => (most > 0 ? [more] : [])).join(", or ");
	return { subject: "disk", level, found, ...(level !== "ok" && { fix }) };
}

/** The file systems that hold the folders, or will. */
export async function fileSystemsOf(uses: Place[]): Promise<FileSystem[]> {
	const systems = new Map<number, FileSystem>();
	for (const use of uses) {
		const there = nearest(use.folder);
		const [{ dev }, { bavail, bsize }] = await Promise.all([stat(there), statfs(there)]);
		const system = systems.get(dev) ?? { folder: use.folder, free: bavail * bsize, uses: [] };
		systems.set(dev, { ...system, uses: [...system.uses, use] });
	}
	return [...systems.values()];
}

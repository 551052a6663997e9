/** Memory and disk. */
import { stat, statfs } from "node:fs/promises";
import { nearest, type Place } from "../../toolchain/machine/places.ts";
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
	const fix = fewerWorkers(available ?? total);
	if (total < nodes) {
		return { subject, level: "stop", found: `${has}; a cluster with ${workers} workers takes ${gib(nodes)}`, fix };
	}
	const needed = toolsTake + (missing ? nodes : 0);
	const level = (available ?? total) < needed ? "warning" : "ok";
	const found = `${has}; ${missing ? "the lab takes" : "beside the running cluster its tools take"} ${gib(needed)}`;
	return { subject, level, found, ...(level === "warning" && { fix: missing ? fix : makeRoom }) };
}

const makeRoom = "end other programs that take much memory";

/** As many as fit beside the tools. */
function fewerWorkers(free: number): string {
	const most = Math.floor((free - toolsTake - controlPlaneTakes) / workerTakes);
	return most < 1 ? makeRoom : `pulumi config set workers ${most}`;
}

export interface FileSystem {
	/** One of the folders on it. */
	folder: string;
	/** Bytes that its user may still write. */
	free: number;
	uses: Place[];
}

export function judgeDisk({ folder, free, uses }: FileSystem): Finding {
	const sum = (amount: "least" | "most") => uses.reduce((total, use) => total + use[amount], 0);
	const level: Level = free < sum("least") ? "stop" : free < sum("most") ? "warning" : "ok";
	const found = `${gib(free)} free for ${uses.map(({ what }) => what).join(", ")} (${folder}); it takes up to ${gib(sum("most"))} more`;
	const fix = uses.flatMap(({ most, more }) => (most > 0 ? [more] : [])).join(", or ");
	return { subject: "disk", level, found, ...(level !== "ok" && { fix }) };
}

/** The file systems that the folders are on, or will be. */
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

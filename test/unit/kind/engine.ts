/**
 * A Docker engine as the tests set it up, behind kind/docker.ts, and what was done to it. Imports nothing of
 * cluster/, whose modules wait for it.
 */
import { vi } from "vitest";
import type { NodeContainer } from "../../../kind/docker.ts";

export const engine = {
	nodes: [] as NodeContainer[] | Error,
	finished: true,
	/** Whether the node image is there, or can be had. */
	hasImage: true,
	/** What was run, in order: "kind create c", "docker start c-worker". */
	done: [] as string[],
};

/** The stand-in for kind/docker.ts; asking it changes nothing. */
export const docker = () => ({
	markPrefix: "/kind/nodeport-lab/",
	kindNetwork: "kind",
	findNodes: async (name?: string) => {
		if (engine.nodes instanceof Error) throw engine.nodes;
		return engine.nodes.filter(({ cluster }) => name === undefined || cluster === name);
	},
	isFinished: async () => engine.finished,
	provideImage: async (image: string) => {
		if (!engine.hasImage) throw new Error(`${image} cannot be had`);
	},
	markFinished: async (name: string) => engine.done.push(`finished ${name}`),
	docker: async (...args: string[]) => {
		if (args[0] === "ps") return "";
		engine.done.push(`docker ${args.join(" ")}`);
		return "";
	},
});

/** The stand-in for lib/subprocess.ts. */
export const programs = () => ({
	run: vi.fn(async (name: string, args: string[]) => {
		engine.done.push(`${name} ${args.slice(0, 2).join(" ")} ${args[args.indexOf("--name") + 1]}`);
		return "kind: Config";
	}),
	attempt: vi.fn(async () => ({ ok: false, stdout: "", stderr: "", message: "the API does not answer" })),
});

const addresses = { "control-plane": "172.18.0.2", worker: "172.18.0.3" };

/** The nodes of a cluster with one worker. */
export const containers = (creationId?: string, { state = "running", cluster = "c" } = {}): NodeContainer[] =>
	(["control-plane", "worker"] as const).map((role) => ({
		name: `${cluster}-${role}`,
		cluster,
		state,
		startedAt: "2026-01-01T00:00:00Z",
		address: addresses[role],
		isCutOff: false,
		...(creationId && { creationId }),
	}));

export function resetEngine(): void {
	Object.assign(engine, { nodes: [], finished: true, hasImage: true, done: [] });
}

/** What depends on the lab's configuration. */
import { release, totalmem } from "node:os";
import { nodeNames } from "../../config/clusterShape.ts";
import type { KindConfig } from "../../config/labConfig.ts";
import { findNodes, type NodeContainer } from "../../kind/docker.ts";
import { labCluster, ownerIn, ownerOf } from "../../kind/owner.ts";
import { allowedInstances, allowedWatches } from "../../toolchain/engine/inotify.ts";
import { type Lack, placesKept } from "../../toolchain/machine/places.ts";
import { judgeCluster } from "./clusterCheck.ts";
import { type EngineState, isHere } from "./engineCheck.ts";
import type { Check, Finding } from "./finding.ts";
import { judgeAccounting, judgeKernelVersion, judgeRules, tryRules } from "./kernelSupport.ts";
import { judgeInotify, judgeWatches } from "./limits.ts";
import { judgeHostPort, judgeNodePort, lookAtHostPort } from "./ports.ts";
import { fileSystemsOf, judgeDisk, judgeMemory } from "./resources.ts";
import { judgeSubnets, lookAtNetworks } from "./subnets.ts";

interface Known {
	state: EngineState;
	stack: string;
	/** Set-up has nothing left to get. */
	complete: boolean;
}

export function labChecks(config: KindConfig, { state, stack, complete }: Known): Check[] {
	const [engine, here] = ["engine" in state, isHere(state)];
	const [owner, all] = [ownerOf(stack, labCluster), engine ? findNodes() : Promise.resolve([])];
	const ofName = async () => (await all).filter(({ cluster }) => cluster === config.clusterName);
	/** The owner's, also those of a cluster that this one replaces. */
	const own = async () => {
		const [ours, nodes] = await Promise.all([owner, all]);
		return nodes.filter(({ creationId = "" }) => ownerIn(creationId) === ours);
	};
	const lack = async () => ({ nodes: absent(config, await own()).length, setUp: !complete });
	const networks = async () => judgeSubnets(await lookAtNetworks(here));
	const cluster = async () => [judgeCluster(config.clusterName, await ofName(), await owner)];
	return [
		{ subject: "memory", when: engine || here, look: async () => [memory(state, config, await own())] },
		{ subject: "disk", look: async () => disk(state, await lack()) },
		{ subject: "inotify", when: here, look: async () => inotify(state, config) },
		{ subject: "kernel", when: engine || here, look: () => kernel(state, config) },
		{ subject: "networks", when: engine, look: networks },
		{ subject: "cluster", when: engine, look: cluster },
		{ subject: "nodePort", look: async () => [judgeNodePort(config.nodePort)] },
		{ subject: "hostPort", look: async () => hostPort(state, config.hostPort, await own()) },
	];
}

/** The names of the cluster's nodes that are not there. */
const absent = ({ clusterName, workers }: KindConfig, own: NodeContainer[]): string[] =>
	nodeNames(clusterName, workers).filter((name) => !own.some((node) => node.name === name));

function memory(state: EngineState, config: KindConfig, own: NodeContainer[]): Finding {
	const running = own.filter((node) => node.state === "running");
	const total = ("engine" in state && state.engine.memory) || totalmem();
	const available = isHere(state) ? { available: process.availableMemory() } : {};
	return judgeMemory({ total, ...available }, config.workers, absent(config, running).length > 0);
}

async function disk(state: EngineState, lack: Lack): Promise<Finding[]> {
	const there = "engine" in state ? state.engine.dataFolder : "/var/lib/docker";
	return (await fileSystemsOf(placesKept(isHere(state) ? there : undefined, lack))).map(judgeDisk);
}

function inotify(state: EngineState, { workers }: KindConfig): Finding[] {
	const [instances, watches] = [allowedInstances(), allowedWatches()];
	const raises = "remedy" in state && state.remedy.start === "dockerd";
	return [
		...(instances === undefined ? [] : [judgeInotify(instances, workers, raises)]),
		...(watches === undefined ? [] : [judgeWatches(watches, workers)]),
	];
}

async function kernel(state: EngineState, config: KindConfig): Promise<Finding[]> {
	const { kubeProxyMode } = config;
	const tried = await tryRules(state, kubeProxyMode);
	const version = "engine" in state ? state.engine.kernel : release();
	return [
		...(kubeProxyMode === "nftables" ? [judgeKernelVersion(version)] : []),
		judgeRules(tried, config),
		...(kubeProxyMode === "iptables" && typeof tried !== "string" ? [judgeAccounting(tried)] : []),
	];
}

async function hostPort(state: EngineState, port: number | undefined, own: NodeContainer[]): Promise<Finding[]> {
	if (port === undefined) return [];
	return [judgeHostPort(await lookAtHostPort(port, { engine: "engine" in state, here: isHere(state) }), own)];
}

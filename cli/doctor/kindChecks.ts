/** The checks for a lab with its own kind cluster, as configured. */
import { release, totalmem } from "node:os";
import { nodeNames } from "../../config/clusterShape.ts";
import type { KindConfig } from "../../config/labConfig.ts";
import { findNodes, type NodeContainer } from "../../kind/docker.ts";
import { labCluster, ownerIn, ownerOf } from "../../kind/owner.ts";
import { allowedInstances, allowedWatches } from "../../toolchain/engine/inotify.ts";
import { engineEndpoint } from "../../toolchain/engine/remedy.ts";
import { type Lack, placesKept } from "../../toolchain/machine/places.ts";
import { judgeCluster } from "./clusterOwner.ts";
import { judgeLocation } from "./engine/engineLocation.ts";
import { type EngineState, isHere } from "./engine/engineState.ts";
import type { Check, Finding } from "./finding.ts";
import { judgeInotify, judgeWatches } from "./machine/inotifyLimits.ts";
import { judgeAccounting, judgeKernelVersion, judgeRules, tryRules } from "./machine/kernelSupport.ts";
import { fileSystemsOf, judgeDisk, judgeMemory } from "./machine/memoryAndDisk.ts";
import { judgeAddressPools } from "./network/addressPools.ts";
import { judgeIpv6, readHostIpv6 } from "./network/ipv6.ts";
import { isIpv4, isKindNetwork, type Network, readNetworks } from "./network/networks.ts";
import { judgeHostPort, judgeNodePort, readHostPort } from "./network/ports.ts";
import { judgeProxy } from "./network/proxyVariables.ts";
import { judgeSubnets } from "./network/subnets.ts";

interface Known {
	state: EngineState;
	stack: string;
	/** Set-up has nothing left to download or build. */
	complete: boolean;
}

export function kindChecks(config: KindConfig, { state, stack, complete }: Known): Check[] {
	const here = isHere(state);
	const engine = "engine" in state ? state.engine : undefined;
	const [owner, all] = [ownerOf(stack, labCluster), engine ? findNodes() : Promise.resolve([])];
	const named = async () => (await all).filter(({ cluster }) => cluster === config.clusterName);
	/** This stack's nodes, also those of a cluster that the configuration replaces. */
	const own = async () => {
		const [ownId, nodes] = await Promise.all([owner, all]);
		return nodes.filter(({ creationId = "" }) => ownerIn(creationId) === ownId);
	};
	const lack = async () => ({ nodes: absent(config, await own()).length, setUp: !complete });
	const networks = engine ? readNetworks(here) : Promise.resolve([]);
	const cluster = async () => [judgeCluster(config.clusterName, await named(), await owner)];
	return [
		{ subject: "memory", when: engine !== undefined || here, run: async () => [memory(state, config, await own())] },
		{ subject: "disk", run: async () => disk(state, await lack()) },
		{ subject: "inotify", when: here, run: async () => inotify(state, config) },
		{ subject: "kernel", when: engine !== undefined || here, run: () => kernel(state, config) },
		...(engine
			? [
					{
						subject: "node addresses",
						run: async () => [judgeLocation(engine, await engineEndpoint(), config.hostPort)],
					},
					{ subject: "networks", run: async () => judgeSubnets(await networks, config.ipFamily) },
					{ subject: "address pools", run: async () => judgeAddressPools(await networks, engine) },
					{ subject: "cluster", run: cluster },
				]
			: []),
		{
			subject: "IPv6",
			when: config.ipFamily !== "ipv4" && (engine !== undefined || here),
			run: async () => [judgeIpv6(config.ipFamily, here ? await readHostIpv6() : undefined, await networks)],
		},
		{ subject: "proxy", run: async () => proxy(await networks, config) },
		{ subject: "nodePort", run: async () => [judgeNodePort(config.nodePort)] },
		{ subject: "hostPort", run: async () => hostPort(state, config.hostPort, await own()) },
	];
}

/** The names of the cluster's nodes that don't exist. */
const absent = ({ clusterName, workers }: KindConfig, own: NodeContainer[]): string[] =>
	nodeNames(clusterName, workers).filter((name) => !own.some((node) => node.name === name));

function memory(state: EngineState, config: KindConfig, own: NodeContainer[]): Finding {
	const running = own.filter((node) => node.state === "running");
	const total = ("engine" in state && state.engine.memory) || totalmem();
	const available = isHere(state) ? { available: process.availableMemory() } : {};
	return judgeMemory({ total, ...available }, config.workers, absent(config, running).length > 0);
}

async function disk(state: EngineState, lack: Lack): Promise<Finding[]> {
	const dataFolder = "engine" in state ? state.engine.dataFolder : "/var/lib/docker";
	return (await fileSystemsOf(placesKept(isHere(state) ? dataFolder : undefined, lack))).map(judgeDisk);
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
	const tried = await tryRules(state, config);
	const [version, rootless] =
		"engine" in state ? [state.engine.kernel, state.engine.here && state.engine.rootless] : [release(), false];
	return [
		...(kubeProxyMode === "nftables" ? [judgeKernelVersion(version)] : []),
		judgeRules(tried, config, rootless),
		...(kubeProxyMode === "iptables" && typeof tried !== "string" ? [judgeAccounting(tried)] : []),
	];
}

function proxy(networks: Network[], { clusterName, workers, ipFamily }: KindConfig): Finding[] {
	const own = networks.filter(isKindNetwork);
	const subnets = (ipFamily === "ipv4" ? own.filter(isIpv4) : own).map(({ subnet }) => subnet);
	return judgeProxy(process.env, { names: nodeNames(clusterName, workers), ipFamily, subnets });
}

async function hostPort(state: EngineState, port: number | undefined, own: NodeContainer[]): Promise<Finding[]> {
	if (port === undefined) return [];
	return [judgeHostPort(await readHostPort(port, { engine: "engine" in state, here: isHere(state) }), own)];
}

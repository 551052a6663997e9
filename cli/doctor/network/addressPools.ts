/** The subnet that Docker will choose for kind's network. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import ipaddr from "ipaddr.js";
import { defaultSubnets } from "../../../kind/spec/clusterSubnets.ts";
import type { Engine } from "../../../toolchain/engine/readEngine.ts";
import { asRoot } from "../../../toolchain/setupError.ts";
import type { Finding } from "../finding.ts";
import { isIpv4, isKindNetwork, type Network, overlap } from "./networks.ts";

type Pools = Engine["addressPools"];

/** https://docs.docker.com/engine/network/#automatic-subnet-allocation */
const defaultPools: Pools = [
	...Array.from({ length: 15 }, (_, index) => ({ base: `172.${17 + index}.0.0/16`, size: 16 })),
	{ base: "192.168.0.0/16", size: 20 },
];

/** The subnets of a pool, in the order in which Docker assigns them. */
function subnetsOf({ base, size }: Pools[number]): string[] {
	const [network, length] = ipaddr.IPv4.parseCIDR(base);
	const first = network.octets.reduce((number, octet) => number * 256 + octet, 0);
	return Array.from({ length: 2 ** (size - length) }, (_, index) => {
		const address = first + index * 2 ** (32 - size);
		return `${[24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".")}/${size}`;
	});
}

/** Pools for the fix: the first that nothing overlaps. */
const alternatives = ["10.201.0.0/16", "10.211.0.0/16", "172.30.0.0/16", "192.168.128.0/17", "100.64.0.0/16"];

/** Only IPv4's: kind itself chooses the IPv6 subnet of its network. */
export function judgeAddressPools(
	all: Network[],
	{ addressPools, rootless, desktop }: Pick<Engine, "addressPools" | "rootless" | "desktop">,
): Finding[] {
	const networks = all.filter(isIpv4);
	if (networks.some(isKindNetwork)) return [];
	const subject = "address pools";
	const pools = addressPools.length > 0 ? addressPools : defaultPools;
	const subnets = pools.flatMap(subnetsOf);
	// Docker skips networks of its own and those on an interface, but not routes to a router: moby/moby#51863
	const skipped = networks.filter(({ routed }) => !routed);
	const next = subnets.find((subnet) => !skipped.some((network) => overlap(network.subnet, subnet)));
	const conflicts = networks.filter(({ subnet }) => subnets.some((own) => overlap(own, subnet)));
	const names = (all: Network[]) => all.map(({ name, subnet }) => `${name} (${subnet})`).join(", ");
	const fix = addPool(networks, { rootless, desktop });
	if (next === undefined) {
		const found = `Docker has no free subnet for kind's network: ${names(conflicts)} use all of its address pools`;
		const prune = conflicts.every(({ name }) => name.startsWith("Docker ")) ? "docker network prune, or " : "";
		return [{ subject, level: "stop", found, fix: `${prune}${fix}` }];
	}
	const overlapping = conflicts.filter(({ subnet }) => overlap(subnet, next));
	if (overlapping.length === 0) return [{ subject, level: "ok", found: `${next} is free for kind's network` }];
	const found = `Docker will choose ${next} for kind's network, which overlaps ${names(overlapping)}`;
	return [{ subject, level: "warning", found, fix }];
}

function addPool(networks: Network[], { rootless, desktop }: Pick<Engine, "rootless" | "desktop">): string {
	const used = [
		...networks.map(({ subnet }) => subnet),
		defaultSubnets.podSubnet.ipv4,
		defaultSubnets.serviceSubnet.ipv4,
	];
	const base = alternatives.find((pool) => !used.some((subnet) => overlap(pool, subnet))) ?? "<a free network>";
	const setting = `"default-address-pools": [{"base": "${base}", "size": 24}]`;
	if (desktop) return `add ${setting} in Docker Desktop under Settings > Docker Engine, then Apply & restart`;
	const file = rootless ? join(process.env.HOME ?? "~", ".config/docker/daemon.json") : "/etc/docker/daemon.json";
	const restart = rootless
		? "systemctl --user restart docker"
		: asRoot(existsSync("/run/systemd/system") ? "systemctl restart docker" : "service docker restart");
	if (existsSync(file)) return `add ${setting} to ${file}, then: ${restart}`;
	return `echo '{${setting}}' | ${rootless ? `tee ${file}` : asRoot(`tee ${file}`)} && ${restart}`;
}

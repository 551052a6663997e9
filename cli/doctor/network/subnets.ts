/** Networks that share addresses with those of the nodes, the pods or the Services. */
import ipaddr from "ipaddr.js";
import { kindNetwork } from "../../../kind/docker.ts";
import { podSubnet, serviceSubnet } from "../../../kind/kindConfig.ts";
import type { Finding } from "../finding.ts";
import { contains, isKindNetwork, type Network, overlap } from "./networks.ts";

const subject = "networks";

export function judgeSubnets(networks: Network[]): Finding[] {
	const own = networks.filter(isKindNetwork);
	const others = networks.filter((network) => !isKindNetwork(network));
	const conflicts = [
		...own.flatMap((network) => others.flatMap((other) => nodeConflict(network, other))),
		...own.flatMap((network) => clusterConflict(network, "stop")),
		...others.flatMap((other) => clusterConflict(other, "warning")),
	];
	if (conflicts.length > 0) return conflicts;
	const nodes = own.length > 0 ? own.map(({ subnet }) => subnet).join(", ") : "Docker chooses a free network";
	const found = `nodes: ${nodes}; pods: ${podSubnet}; Services: ${serviceSubnet}; no other network overlaps them`;
	return [{ subject, level: "ok", found }];
}

const recreate = `npm run destroy && docker network rm ${kindNetwork} && npm start`;

/** The more specific route wins: to the nodes, or to the other network. */
function nodeConflict({ subnet }: Network, other: Network): Finding[] {
	if (!overlap(subnet, other.subnet)) return [];
	const lost = !contains(other.subnet, subnet) && contains(other.subnet, firstNode(subnet));
	const effect = lost ? "the nodes can't be reached" : "an address in both networks reaches only one of them";
	const found = `the nodes' network (${subnet}) overlaps ${other.subnet} (${other.name}): ${effect}`;
	return [{ subject, level: lost ? "stop" : "warning", found, fix: recreate }];
}

/** Docker assigns the lowest free address first; the gateway has the first one. */
function firstNode(subnet: string): string {
	const [a, b, c, d = 0] = ipaddr.IPv4.networkAddressFromCIDR(subnet).octets;
	return `${[a, b, c, d + 2].join(".")}/32`;
}

/** Pods can't reach another network with their own addresses; a node must not have a pod's or Service's address. */
function clusterConflict({ name, subnet }: Network, level: "stop" | "warning"): Finding[] {
	const inner = Object.entries({ pods: podSubnet, Services: serviceSubnet });
	const conflicts = inner.filter(([, own]) => overlap(own, subnet)).map(([what, own]) => `${what} (${own})`);
	if (conflicts.length === 0) return [];
	const found = `${name} (${subnet}) overlaps the cluster's ${conflicts.join(" and ")}: pods can't reach it`;
	return [{ subject, level, found, ...(level === "stop" && { fix: recreate }) }];
}

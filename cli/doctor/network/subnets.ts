/** Networks that share addresses with those of the nodes, the pods or the Services. */
import ipaddr from "ipaddr.js";
import type { IpFamily } from "../../../config/clusterShape.ts";
import { kindNetwork } from "../../../kind/docker.ts";
import { defaultSubnets } from "../../../kind/spec/clusterSubnets.ts";
import type { Finding } from "../finding.ts";
import { contains, isIpv4, isKindNetwork, type Network, overlap } from "./networks.ts";

const subject = "networks";

/** @param all also those of a family that the lab doesn't use; what they overlap doesn't concern it */
export function judgeSubnets(all: Network[], ipFamily: IpFamily): Finding[] {
	const networks = all.filter((network) => ipFamily === "dual" || isIpv4(network) === (ipFamily === "ipv4"));
	const own = networks.filter(isKindNetwork);
	const others = networks.filter((network) => !isKindNetwork(network));
	const inner = { pods: defaultSubnets.podSubnet[ipFamily], Services: defaultSubnets.serviceSubnet[ipFamily] };
	const conflicts = [
		...own.flatMap((network) => others.flatMap((other) => nodeConflict(network, other))),
		...own.flatMap((network) => clusterConflict(network, inner, "stop")),
		...others.flatMap((other) => clusterConflict(other, inner, "warning")),
	];
	if (conflicts.length > 0) return conflicts;
	const nodes = own.length > 0 ? own.map(({ subnet }) => subnet).join(", ") : "Docker chooses a free network";
	const found = `nodes: ${nodes}; pods: ${inner.pods}; Services: ${inner.Services}; no other network overlaps them`;
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
	const bytes = (isIpv4({ subnet }) ? ipaddr.IPv4 : ipaddr.IPv6).networkAddressFromCIDR(subnet).toByteArray();
	const address = ipaddr.fromByteArray(bytes.with(-1, (bytes.at(-1) ?? 0) + 2));
	return `${address}/${bytes.length * 8}`;
}

/** Pods can't reach another network with their own addresses; a node must not have a pod's or Service's address. */
function clusterConflict(
	{ name, subnet }: Network,
	inner: Record<string, string>,
	level: "stop" | "warning",
): Finding[] {
	const conflicts = Object.entries(inner).flatMap(([what, subnets]) =>
		subnets
			.split(",")
			.filter((own) => overlap(own, subnet))
			.map((own) => `${what} (${own})`),
	);
	if (conflicts.length === 0) return [];
	const found = `${name} (${subnet}) overlaps the cluster's ${conflicts.join(" and ")}: pods can't reach it`;
	return [{ subject, level, found, ...(level === "stop" && { fix: recreate }) }];
}

/** The small network that the tested node is in. Its other ends are wires on which nobody but the test is. */
import type { Family, NodeNetwork } from "../../../netfilter/model.ts";
import type { Hidden } from "../ruleBlocks.ts";

/** By which interface a packet comes; "lo": a process of the node sends it. */
export type Side = "eth0" | "veth0" | "lo";

export interface Addresses {
	/** The node's InternalIP, on eth0. */
	node: string;
	/** The address that the node's pods see, on veth0. */
	gateway: string;
	loopback: string;
	/** Machines on the node's own network. */
	outside: string[];
	/** Pods of this node, behind veth0. */
	localPods: string[];
	/** Pods of other nodes, behind eth0. */
	remotePods: string[];
	clusterIps: string[];
	externalIps: string[];
	podCidr: string;
	localPodCidr: string;
	clusterIpCidr: string;
	nodeCidr: string;
	externalCidr: string;
	loopbackCidr: string;
}

export const addresses: Record<Family, Addresses> = {
	ipv4: {
		node: "172.18.0.4",
		gateway: "10.244.3.1",
		loopback: "127.0.0.1",
		outside: ["172.18.0.1", "172.18.0.9", "198.51.100.7"],
		localPods: ["10.244.3.2", "10.244.3.5", "10.244.3.6"],
		remotePods: ["10.244.1.9", "10.244.2.4"],
		clusterIps: ["10.96.0.1", "10.96.0.10", "10.96.77.3", "10.103.5.20"],
		externalIps: ["203.0.113.10", "203.0.113.11"],
		podCidr: "10.244.0.0/16",
		localPodCidr: "10.244.3.0/24",
		clusterIpCidr: "10.96.0.0/12",
		nodeCidr: "172.18.0.0/16",
		externalCidr: "203.0.113.0/28",
		loopbackCidr: "127.0.0.0/8",
	},
	ipv6: {
		node: "fc00:f853:ccd:e793::4",
		gateway: "fd00:10:244:3::1",
		loopback: "::1",
		outside: ["fc00:f853:ccd:e793::1", "fc00:f853:ccd:e793::9", "2001:db8:7::7"],
		localPods: ["fd00:10:244:3::2", "fd00:10:244:3::5", "fd00:10:244:3::6"],
		remotePods: ["fd00:10:244:1::9", "fd00:10:244:2::4"],
		clusterIps: ["fd00:10:96::1", "fd00:10:96::a", "fd00:10:96::4d03", "fd00:10:96::5:20"],
		externalIps: ["2001:db8::10", "2001:db8::11"],
		podCidr: "fd00:10:244::/56",
		localPodCidr: "fd00:10:244:3::/64",
		clusterIpCidr: "fd00:10:96::/112",
		nodeCidr: "fc00:f853:ccd:e793::/64",
		externalCidr: "2001:db8::/120",
		loopbackCidr: "::1/128",
	},
};

/** What the tools call the families, and how long an address is. */
export const families = {
	ipv4: { nft: "ip", iptables: "iptables", bits: 32, everywhere: "0.0.0.0/0" },
	ipv6: { nft: "ip6", iptables: "ip6tables", bits: 128, everywhere: "::/0" },
} as const;

/** What the walk knows about the node. */
export function nodeNetwork(family: Family, hidden: readonly Hidden[] = []): NodeNetwork {
	const { node, gateway, loopback, localPodCidr, nodeCidr } = addresses[family];
	const named = (name: string) => (hidden.includes("interfaces") ? {} : { interface: name });
	return {
		localAddresses: [node, gateway, loopback],
		...(!hidden.includes("interfaces") &&
			!hidden.includes("routes") && {
				interfaces: [
					{ name: "lo", addresses: [`${loopback}/${family === "ipv4" ? 8 : 128}`] },
					{ name: "eth0", addresses: [`${node}/${nodeCidr.split("/")[1]}`] },
					{ name: "veth0", addresses: [`${gateway}/${families[family].bits}`] },
				],
			}),
		routes: hidden.includes("routes")
			? []
			: [
					{ destination: localPodCidr, ...named("veth0"), source: gateway },
					{ destination: families[family].everywhere, ...named("eth0"), source: node },
				],
	};
}

/** The same for the kernel: commands of `ip -batch`, of one family. */
export function nodeCommands(family: Family): string {
	const { node, gateway, localPodCidr, nodeCidr, outside } = addresses[family];
	const nodad = family === "ipv6" ? " nodad" : "";
	const commands = [
		`address add ${node}/${nodeCidr.split("/")[1]} dev eth0${nodad}`,
		`address add ${gateway}/${families[family].bits} dev veth0${nodad}`,
		`route add ${localPodCidr} dev veth0`,
		`route add default via ${outside[0]} dev eth0`,
	];
	return commands.map((command) => `${command}\n`).join("");
}

/** The shape of a kind cluster, as settings and components name it. */
import { z } from "zod";

/** How kube-proxy programs the kernel. */
export const KubeProxyMode = z.enum(["iptables", "nftables"]);
export type KubeProxyMode = z.infer<typeof KubeProxyMode>;

/** Which address families pods, Services and nodes have; with dual, IPv4 is the first one. */
export const IpFamily = z.enum(["ipv4", "ipv6", "dual"]);
export type IpFamily = z.infer<typeof IpFamily>;

/** As a Service names them, the first one first. */
export const serviceFamilies = (ipFamily: IpFamily): ("IPv4" | "IPv6")[] =>
	({ ipv4: ["IPv4" as const], ipv6: ["IPv6" as const], dual: ["IPv4" as const, "IPv6" as const] })[ipFamily];

/** Which protocols the Service's port has. */
export const Protocols = z.enum(["TCP", "UDP", "both"]);
export type Protocols = z.infer<typeof Protocols>;

/** As a Service and a container name them. */
export const portProtocols = (protocols: Protocols): ("TCP" | "UDP")[] =>
	protocols === "both" ? ["TCP", "UDP"] : [protocols];

export const NodeRole = z.enum(["control-plane", "worker"]);
export type NodeRole = z.infer<typeof NodeRole>;

/** Node names in kind's spelling: control-plane, control-plane2, worker, worker2. */
export const namesByRole = (name: string, roles: NodeRole[]): string[] =>
	roles.map((role, i) => {
		const number = roles.slice(0, i + 1).filter((other) => other === role).length;
		return `${name}-${role}${number === 1 ? "" : number}`;
	});

/** The roles of a cluster with one control plane. */
export const usualRoles = (workers: number): NodeRole[] => [
	"control-plane",
	...Array<NodeRole>(workers).fill("worker"),
];

/** The node names of a cluster with one control plane. */
export const nodeNames = (name: string, workers: number): string[] => namesByRole(name, usualRoles(workers));

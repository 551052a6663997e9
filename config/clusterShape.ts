/** The shape of a kind cluster, as settings and components name it. */
import { z } from "zod";

/** How kube-proxy programs the kernel. */
export const KubeProxyMode = z.enum(["iptables", "nftables"]);
export type KubeProxyMode = z.infer<typeof KubeProxyMode>;

/** Node names in kind's order and spelling: worker, worker2, worker3. */
export const nodeNames = (name: string, workers: number): string[] => [
	`${name}-control-plane`,
	...Array.from({ length: workers }, (_, i) => `${name}-worker${i === 0 ? "" : i + 1}`),
];

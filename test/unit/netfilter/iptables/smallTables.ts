/** Small tables of iptables, made for one point each, and walks through them. */

import { parseIptablesSave } from "../../../../netfilter/iptables/parse.ts";
import { walkIptables } from "../../../../netfilter/iptables/walk.ts";
import type { NodeNetwork, Packet, Path } from "../../../../netfilter/model.ts";
import { fromOutside, worker3 } from "../fixtures.ts";

const hooksOf: Record<string, string[]> = {
	raw: ["PREROUTING", "OUTPUT"],
	mangle: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
	nat: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
	filter: ["INPUT", "FORWARD", "OUTPUT"],
};

/** Tables with these rules; chains other than the kernel's are those that rules are added to. */
export function save(tables: Record<string, string[]>, policy = "ACCEPT"): string {
	return Object.entries(tables)
		.map(([table, rules]) => {
			const hooks = hooksOf[table] ?? [];
			const chains = new Set(rules.map((rule) => rule.split(" ")[0] ?? ""));
			const own = [...chains].filter((chain) => !hooks.includes(chain)).map((chain) => `:${chain} - [0:0]`);
			const kernels = hooks.map((chain) => `:${chain} ${policy} [0:0]`);
			return [`*${table}`, ...kernels, ...own, ...rules.map((rule) => `-A ${rule}`), "COMMIT", ""].join("\n");
		})
		.join("");
}

export const walk = (tables: Record<string, string[]>, packet: Packet, network: NodeNetwork = worker3): Path[] =>
	walkIptables(parseIptablesSave(save(tables)), packet, network);

export const ends = (paths: Path[]) => paths.map(({ outcome }) => outcome);

/** Forwarded as it is, from outside to a pod of the node. */
export const toPod = fromOutside({ destination: "10.244.3.2", destinationPort: 8080 });

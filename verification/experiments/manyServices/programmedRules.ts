/** Which of the Services are in a node's rules, and what the first packet of a connection to a nodePort is compared with. */
import type { Runner } from "../../../kubernetes/clients.ts";
import type { Cluster } from "../../../kubernetes/liveCluster.ts";
import { parseIptablesSave } from "../../../netfilter/iptables/parse.ts";
import type { Family } from "../../../netfilter/model.ts";
import type { Expression } from "../../../netfilter/nftables/expressions.ts";
import { nameOfFamily, parseNftables } from "../../../netfilter/nftables/parse.ts";
import { outputOf } from "../../nodeRules/ruleOutputs.ts";

export type Mode = "iptables" | "nftables";

export interface ProgrammedRules {
	/** How many of the Services have a rule or an element of a map. */
	services: number;
	/** How many of their rules the packet is compared with before the rules of nodePorts. Elements of a map aren't compared. */
	passed: number;
}

/** Printing many rules takes long on a busy machine. */
const printSeconds = 60;

/** @param proxy the node's kube-proxy pod @param clusterIps of the Services */
export async function readProgrammedRules(
	cluster: Cluster,
	proxy: Runner,
	mode: Mode,
	family: Family,
	clusterIps: readonly string[],
): Promise<ProgrammedRules> {
	const save = family === "ipv6" ? "ip6tables-save" : "iptables-save";
	const nft = ["nft", "-j", "list", "table", nameOfFamily[family], "kube-proxy"];
	const program = mode === "iptables" ? [save, "-t", "nat"] : nft;
	try {
		return programmedRules(await outputOf(cluster, proxy, program, printSeconds), mode, clusterIps);
	} catch (error) {
		// Before its first round, kube-proxy has no table yet.
		if (!/No such file or directory/.test((error as Error).message)) throw error;
		return { services: 0, passed: 0 };
	}
}

/** @param text the output of `iptables-save -t nat` or `nft -j list table` */
export const programmedRules = (text: string, mode: Mode, clusterIps: readonly string[]): ProgrammedRules =>
	mode === "iptables" ? inChains(text, new Set(clusterIps)) : inMaps(text, new Set(clusterIps));

/** KUBE-SERVICES has a rule for each Service's port; the last one leads to the rules of nodePorts. */
function inChains(text: string, clusterIps: ReadonlySet<string>): ProgrammedRules {
	const chain = parseIptablesSave(text).tables.get("nat")?.chains.get("KUBE-SERVICES");
	const destinations = (chain?.rules ?? []).map(({ text }) => destinationIn(text));
	const nodePorts = chain?.rules.findIndex(({ text }) => text.endsWith("-j KUBE-NODEPORTS")) ?? -1;
	const own = destinations.filter((destination) => clusterIps.has(destination));
	const before = destinations.slice(0, Math.max(0, nodePorts)).filter((destination) => clusterIps.has(destination));
	return { services: new Set(own).size, passed: before.length };
}

const destinationIn = (rule: string): string => / -d ([^ /]+)/.exec(rule)?.[1] ?? "";

/** The map service-ips has an element for each Service's port. */
function inMaps(text: string, clusterIps: ReadonlySet<string>): ProgrammedRules {
	const [table] = parseNftables(text).tables;
	const elements = table?.sets.get("service-ips")?.content.all ?? [];
	const own = elements.map(({ key }) => addressIn(key)).filter((address) => clusterIps.has(address));
	const rules = [
		...(table?.chains.get("services")?.rules ?? []),
		...(table?.chains.get("nat-prerouting")?.rules ?? []),
	];
	const compared = rules.filter(({ statements }) => {
		const words = JSON.stringify(statements).match(/[0-9a-f.:]{3,}/g) ?? [];
		return words.some((word) => clusterIps.has(word));
	});
	return { services: new Set(own).size, passed: compared.length };
}

/** The address of a key such as 10.96.0.1 . tcp . 80. */
function addressIn(key: Expression): string {
	const first = key.kind === "concat" ? key.parts[0] : undefined;
	return first?.kind === "literal" ? String(first.value) : "";
}

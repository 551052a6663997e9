/** Reads a node's rules with the tools that wrote them, ready to be walked. */
import pLimit from "p-limit";
import type { Runner } from "../kubernetes/clients.ts";
import type { Cluster } from "../kubernetes/liveCluster.ts";
import type { Node, Service } from "../kubernetes/model.ts";
import type { ClusterSnapshot } from "../kubernetes/snapshot.ts";
import { whyNotWhole } from "../netfilter/iptables/completeness.ts";
import { iptablesRulesOf } from "../netfilter/iptables/iptablesServiceRules.ts";
import {
	type IptablesTables,
	parseIptablesSave,
	problemsOf as problemsOfIptables,
	ruleOfIptables,
} from "../netfilter/iptables/parse.ts";
import { parseRecent, printRecent } from "../netfilter/iptables/recent.ts";
import { walkIptables } from "../netfilter/iptables/walk.ts";
import type { Backend, Packet, Path, RuleText } from "../netfilter/model.ts";
import { nftablesRulesOf } from "../netfilter/nftables/nftablesServiceRules.ts";
import { parseNftables, problemsOf as problemsOfNftables } from "../netfilter/nftables/parse.ts";
import { ruleOfNftables } from "../netfilter/nftables/render.ts";
import { nativeTables, walkNftables } from "../netfilter/nftables/walk.ts";
import { networkOf } from "./journey/nodeNetwork.ts";
import type { ProxyMode } from "./model.ts";

/** Longest time to read one node's rules. */
export const readSeconds = 15;

/** So many nodes' rules are read at once. */
export const readsAtOnce = 32;

/** One node's rules, ready to be walked, whichever tool keeps them. */
export interface Ruleset {
	backend: Backend;
	proxyMode: ProxyMode;
	walk(packet: Packet): Path[];
	/** The raw lines that name the Service, and those of the chains that they lead to. */
	rulesOf(service: Service): string[];
	/** What a walk would not understand: "line 12: -A … ("-m x" is not understood)". Reads every rule. */
	notUnderstood(): string[];
	/** The rule of a step that the kernel traced, as the hops of a walk write it. */
	ruleText: RuleText;
}

/** The node's rules were read, and nothing in them is kube-proxy's, not even in part. */
export class NoProxyRules extends Error {}

type Readers = Pick<ClusterSnapshot, "kubeProxies" | "otherReaders">;

/** Where a node's rules are read: in its kube-proxy pod, else in another that can. */
export const readerOn = ({ kubeProxies, otherReaders }: Readers, node: string): Runner | undefined =>
	kubeProxies.get(node) ?? otherReaders?.get(node);

/** @throws where no pod on the node can read its rules, or none of them is kube-proxy's (NoProxyRules) */
export async function readRuleset(cluster: Cluster, snapshot: ClusterSnapshot, node: Node): Promise<Ruleset> {
	const reader = readerOn(snapshot, node.name);
	if (!reader) throw new Error(`${node.name} runs no kube-proxy pod: its rules cannot be read`);
	const network = networkOf(node);
	const proxy = snapshot.kubeProxies.get(node.name);
	const lacking = (what: string) => new Error(`${what}; fix: ${cluster.restartProxy(proxy)}`);
	const { saved, tables } = await readTables(cluster, reader, proxy === undefined);
	if (saved.includes(":KUBE-SERVICES")) {
		const missing = ["nat", "filter"].find((name) => !tables.tables.get(name)?.chains.has("KUBE-SERVICES"));
		if (missing) throw lacking(`chain KUBE-SERVICES is missing in table ${missing}, where kube-proxy writes it too`);
		// Session affinity: a client that is remembered is led past the draw of lots.
		const remembered = saved.includes(" -m recent ")
			? await read(cluster, reader, printRecent, parseRecent)
			: new Map();
		return {
			backend: /nf_tables/.test(saved) ? "iptables-nft" : "iptables-legacy",
			proxyMode: "iptables",
			walk: (packet) => walkIptables(tables, packet, network, { affinity: remembered.get(packet.source) }),
			rulesOf: (service) => iptablesRulesOf(tables, service),
			notUnderstood: () => iptablesLines(tables),
			ruleText: ruleOfIptables,
		};
	}
	const ruleset = await read(cluster, reader, ["nft", "-j", "list", "ruleset"], parseNftables);
	if (!ruleset.tables.some(({ name }) => name === "kube-proxy")) {
		const none = lacking(
			"there are no rules of kube-proxy, neither chain KUBE-SERVICES of iptables nor table kube-proxy of nftables",
		);
		throw proxyChain.test(saved) ? none : new NoProxyRules(none.message);
	}
	return {
		backend: "nftables",
		proxyMode: "nftables",
		// What the kubelet and the CNI wrote by iptables meets the packet too.
		walk: (packet) => walkNftables(ruleset, packet, network, { iptables: tables }),
		rulesOf: (service) => nftablesRulesOf(ruleset, service),
		notUnderstood: () => [...iptablesLines(tables), ...problemsOfNftables(nativeTables(ruleset, tables))],
		ruleText: ruleOfNftables(ruleset, tables),
	};
}

/** A chain that kube-proxy alone writes; the kubelet's own are called KUBE-KUBELET-CANARY, KUBE-FIREWALL and so on. */
const proxyChain = /^:KUBE-(SERVICES|EXTERNAL-SERVICES|NODEPORTS|FORWARD|PROXY-\w+|(SVC|SVL|SEP|EXT|FW|XLB)-\w+) /m;

/**
 * What iptables keeps. The image of kube-proxy chooses the back end that the node uses; in another pod both are asked.
 */
async function readTables(cluster: Cluster, reader: Runner, isOther: boolean) {
	const usual = await read(cluster, reader, ["iptables-save", "-c"], parseWhole);
	if (!isOther || proxyChain.test(usual.saved)) return usual;
	// Where a node has no legacy tables, or its kernel no legacy iptables, there is nothing of kube-proxy's in them.
	const legacy = await read(cluster, reader, ["iptables-legacy-save", "-c"], parseWhole).catch(() => usual);
	return proxyChain.test(legacy.saved) ? legacy : usual;
}

/** Those of every node. One that cannot tell its rules is missing: that matters only to packets that pass it. */
export async function readRulesets(
	cluster: Cluster,
	snapshot: ClusterSnapshot,
	say: (line: string) => void,
): Promise<Map<string, Ruleset>> {
	const limit = pLimit(readsAtOnce);
	const read = await Promise.allSettled(
		snapshot.nodes.map((node) => limit(() => readRuleset(cluster, snapshot, node))),
	);
	return new Map(
		snapshot.nodes.flatMap(({ name }, i) => {
			const result = read[i];
			if (result?.status === "fulfilled") return [[name, result.value] as const];
			say(`the rules of ${name} cannot be read: ${result?.reason.message}`);
			return [];
		}),
	);
}

const iptablesLines = (tables: IptablesTables): string[] =>
	problemsOfIptables(tables).map(({ line, text, reason }) => `line ${line}: ${text} (${reason})`);

/** What a program prints. @throws where it fails, in its words */
export async function printed(
	cluster: Cluster,
	runner: Runner,
	program: string[],
	seconds = readSeconds,
): Promise<string> {
	const { code, stdout, stderr } = await cluster.run(runner, program, seconds);
	if (code !== 0) throw new Error(`${program.join(" ")} failed: ${stderr.trim() || `exit code ${code}`}`);
	return stdout;
}

/**
 * What the program prints, understood.
 * @throws which program, what is wrong, what it printed, and the command that shows it
 */
async function read<T>(
	cluster: Cluster,
	reader: Runner,
	program: string[],
	understand: (text: string) => T,
): Promise<T> {
	const text = await printed(cluster, reader, program);
	try {
		return understand(text);
	} catch (error) {
		const got = `got ${text.length} characters, the last of them ${JSON.stringify(text.slice(-60))}`;
		const look = `look: ${cluster.pasteReady(reader, program)}`;
		throw new Error(`${program.join(" ")} printed no whole rule set: ${(error as Error).message}; ${got}; ${look}`);
	}
}

function parseWhole(text: string): { saved: string; tables: IptablesTables } {
	const why = whyNotWhole(text);
	if (why !== undefined) throw new Error(why);
	return { saved: text, tables: parseIptablesSave(text) };
}

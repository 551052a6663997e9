/** Reads a node's rules with the tools that wrote them. */
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
import { readFinding, UnreadableRules } from "./findings.ts";
import { networkOf } from "./journey/nodeNetwork.ts";
import type { ProxyMode } from "./model.ts";
import type { ReadProblem } from "./nodeProblem.ts";
import type { Say } from "./progress.ts";

/** The time limit for reading one node's rules. */
export const readSeconds = 15;

/** How many nodes' rules are read in parallel. */
export const readsAtOnce = 32;

/** One node's rules, from either tool. */
export interface Ruleset {
	backend: Backend;
	proxyMode: ProxyMode;
	walk(packet: Packet): Path[];
	/** The raw rules that name the Service, and those of the chains that they lead to. */
	rulesOf(service: Service): string[];
	/** Every rule that a walk can't evaluate: "line 12: -A … ("-m x" is not understood)". */
	notUnderstood(): string[];
	/** The rule of a step in a kernel's trace, as the hops of a walk write it. */
	ruleText: RuleText;
}

type Readers = Pick<ClusterSnapshot, "kubeProxies" | "otherReaders">;

/** The pod that reads a node's rules: kube-proxy's, or another one with the tools. */
export const readerOn = ({ kubeProxies, otherReaders }: Readers, node: string): Runner | undefined =>
	kubeProxies.get(node) ?? otherReaders?.get(node);

/** @throws UnreadableRules */
export async function readRuleset(cluster: Cluster, snapshot: ClusterSnapshot, node: Node): Promise<Ruleset> {
	const { name } = node;
	const reader = readerOn(snapshot, name);
	if (!reader) throw new UnreadableRules({ node: name, problem: { kind: "noReader" } });
	const network = networkOf(node);
	const proxy = snapshot.kubeProxies.get(name);
	const unreadable = (problem: ReadProblem) => {
		const fix = cluster.restartProxyCommand(proxy);
		return new UnreadableRules({ node: name, problem, ...(fix && { fix }) });
	};
	const read = <T>(program: string[], parse: (text: string) => T) => readFrom(cluster, name, reader, program, parse);
	const { saved, tables } = await readTables(read, proxy === undefined);
	if (saved.includes(":KUBE-SERVICES")) {
		const chain = "KUBE-SERVICES";
		const missing = ["nat", "filter"].find((table) => !tables.tables.get(table)?.chains.has(chain));
		if (missing) throw unreadable({ kind: "missingChain", chain, table: missing });
		// With session affinity, a remembered client is sent to its endpoint again instead of a random one.
		const remembered = saved.includes(" -m recent ") ? await read(printRecent, parseRecent) : new Map();
		return {
			backend: /nf_tables/.test(saved) ? "iptables-nft" : "iptables-legacy",
			proxyMode: "iptables",
			walk: (packet) => walkIptables(tables, packet, network, { affinity: remembered.get(packet.source) }),
			rulesOf: (service) => iptablesRulesOf(tables, service),
			notUnderstood: () => iptablesLines(tables),
			ruleText: ruleOfIptables,
		};
	}
	const ruleset = await read(["nft", "-j", "list", "ruleset"], parseNftables);
	if (!ruleset.tables.some(({ name }) => name === "kube-proxy")) {
		throw unreadable({ kind: "noProxyRules", leftovers: proxyChain.test(saved) });
	}
	return {
		backend: "nftables",
		proxyMode: "nftables",
		// The packet also meets what the kubelet and the CNI wrote with iptables.
		walk: (packet) => walkNftables(ruleset, packet, network, { iptables: tables }),
		rulesOf: (service) => nftablesRulesOf(ruleset, service),
		notUnderstood: () => [...iptablesLines(tables), ...problemsOfNftables(nativeTables(ruleset, tables))],
		ruleText: ruleOfNftables(ruleset, tables),
	};
}

/** The chains that only kube-proxy writes; the kubelet's are KUBE-KUBELET-CANARY, KUBE-FIREWALL and so on. */
const proxyChain = /^:KUBE-(SERVICES|EXTERNAL-SERVICES|NODEPORTS|FORWARD|PROXY-\w+|(SVC|SVL|SEP|EXT|FW|XLB)-\w+) /m;

type Read = <T>(program: string[], parse: (text: string) => T) => Promise<T>;

/** kube-proxy's image selects the iptables variant that the node uses; any other image has to try both. */
async function readTables(read: Read, isOther: boolean) {
	const usual = await read(["iptables-save", "-c"], parseComplete);
	if (!isOther || proxyChain.test(usual.saved)) return usual;
	// The command fails if the kernel has no legacy iptables: then kube-proxy has no rules there.
	const legacy = await read(["iptables-legacy-save", "-c"], parseComplete).catch(() => usual);
	return proxyChain.test(legacy.saved) ? legacy : usual;
}

/** The rules of all nodes, without those that can't be read: that matters only to packets that pass such a node. */
export async function readRulesets(
	cluster: Cluster,
	snapshot: ClusterSnapshot,
	say: Say,
): Promise<Map<string, Ruleset>> {
	const rulesets = await pLimit(readsAtOnce).map(snapshot.nodes, async (node) => {
		try {
			return [[node.name, await readRuleset(cluster, snapshot, node)] as const];
		} catch (error) {
			say({ kind: "unreadableRules", finding: readFinding(node.name, error) });
			return [];
		}
	});
	return new Map(rulesets.flat());
}

const iptablesLines = (tables: IptablesTables): string[] =>
	problemsOfIptables(tables).map(({ line, text, reason }) => `line ${line}: ${text} (${reason})`);

/** @throws if the program fails: its error message */
export async function outputOf(
	cluster: Cluster,
	runner: Runner,
	program: string[],
	seconds = readSeconds,
): Promise<string> {
	const { code, stdout, stderr } = await cluster.run(runner, program, seconds);
	if (code !== 0) throw new Error(`${program.join(" ")} failed: ${stderr.trim() || `exit code ${code}`}`);
	return stdout;
}

/** @throws UnreadableRules */
async function readFrom<T>(
	cluster: Cluster,
	node: string,
	reader: Runner,
	program: string[],
	parse: (text: string) => T,
): Promise<T> {
	const text = await outputOf(cluster, reader, program).catch(({ message }: Error) => {
		throw new UnreadableRules({ node, problem: { kind: "failed", message } });
	});
	try {
		return parse(text);
	} catch (error) {
		throw new UnreadableRules({
			node,
			problem: {
				kind: "incomplete",
				program,
				reason: (error as Error).message,
				characters: text.length,
				tail: text.slice(-60),
			},
			inspect: cluster.commandFor(reader, program),
		});
	}
}

function parseComplete(text: string): { saved: string; tables: IptablesTables } {
	const why = whyNotWhole(text);
	if (why !== undefined) throw new Error(why);
	return { saved: text, tables: parseIptablesSave(text) };
}

/** Reads a node's rules with the tools that wrote them. */
import pLimit from "p-limit";
import type { Runner } from "../kubernetes/clients.ts";
import type { Cluster } from "../kubernetes/liveCluster.ts";
import type { Node } from "../kubernetes/model.ts";
import { type ClusterSnapshot, viewsOf } from "../kubernetes/snapshot.ts";
import { parseAddress } from "../netfilter/address.ts";
import { iptablesRulesOf } from "../netfilter/iptables/iptablesServiceRules.ts";
import { type IptablesTables, problemsOf as problemsOfIptables, ruleOfIptables } from "../netfilter/iptables/parse.ts";
import {
	type Backend,
	type KernelSetting,
	type NodeNetwork,
	type Packet,
	type Path,
	RuleSource,
	type RuleText,
} from "../netfilter/model.ts";
import { nftablesRulesOf } from "../netfilter/nftables/nftablesServiceRules.ts";
import { type NftablesRuleset, problemsOf as problemsOfNftables } from "../netfilter/nftables/parse.ts";
import { ruleOfNftables } from "../netfilter/nftables/render.ts";
import { nativeTables, walkNftables } from "../netfilter/nftables/walk.ts";
import { Network } from "../netfilter/node/hostNetwork.ts";
import { readFinding, UnreadableRules } from "./findings.ts";
import { networkOf } from "./journey/nodeNetwork.ts";
import type { ProxyMode } from "./model.ts";
import type { Leftovers, RulesGap } from "./nodeProblem.ts";
import { type ProxyRules, recognizeProxy } from "./nodeRules/proxyMode.ts";
import { type FamilyRules, type NodeRules, readNodeRules } from "./nodeRules/readNodeRules.ts";
import { readSurroundings, type Surroundings } from "./nodeRules/readSurroundings.ts";
import { rememberedClients } from "./nodeRules/rememberedClients.ts";
import { type NodePrograms, type Read, reader } from "./nodeRules/ruleOutputs.ts";
import type { Say } from "./progress.ts";

/** How many nodes' rules are read in parallel. */
export const readsAtOnce = 32;

/** One node's rules of all families that the Service has, from either tool. */
export interface Ruleset {
	backend: Backend;
	proxyMode: ProxyMode;
	walk(packet: Packet): Path[];
	/** The setting by which the node's bridge forwards packets between two pods without the rules; undefined: it isn't known to. */
	hidesBridged(from: string, to: string): KernelSetting | undefined;
	/** The raw rules of the view that name the Service, and those of the chains that they lead to. */
	rulesOf(view: Pick<ClusterSnapshot, "family" | "service">): string[];
	/** The addresses that the Service's session affinity remembers on this node; "unknown": they couldn't be read. */
	rememberedBy(view: Pick<ClusterSnapshot, "family" | "service">): string[] | "unknown";
	/** Every rule that a walk can't evaluate: "line 12: -A … ("-m x" is not understood)". */
	notUnderstood(): string[];
	/** The rule of a step in a kernel's trace by the tool that wrote it, as the hops of a walk write it. */
	ruleText: RuleText;
	/** The same for nft's monitor, which shows the rules of iptables by their handles. @param listed what nft lists */
	ruleTextByHandle(listed: NftablesRuleset): RuleText;
	/** Rules of the node that couldn't be read. */
	gaps: RulesGap[];
	/** Rules that a kube-proxy has left that ran in another mode or with another back end. The kernel evaluates them too. */
	leftovers: Leftovers[];
}

type Readers = Pick<ClusterSnapshot, "kubeProxies" | "otherReaders">;

/** The pod that reads a node's rules: kube-proxy's, or another one with the tools. */
export const readerOn = ({ kubeProxies, otherReaders }: Readers, node: string): Runner | undefined =>
	kubeProxies.get(node) ?? otherReaders?.get(node);

/** @throws UnreadableRules */
export async function readRuleset(cluster: NodePrograms, snapshot: ClusterSnapshot, node: Node): Promise<Ruleset> {
	const { name } = node;
	const runner = readerOn(snapshot, name);
	if (!runner) throw new UnreadableRules({ node: name, problem: { kind: "noReader" } });
	const proxy = snapshot.kubeProxies.get(name);
	const read = reader(cluster, name, runner);
	const readElsewhere = readerElsewhere(cluster, snapshot, name, read);
	const reading = readNodeRules(read, readElsewhere, familiesOf(snapshot));
	const [rules, surroundings] = await Promise.all([reading, readSurroundings(read, readElsewhere, reading)]);
	const recognized = recognizeProxy(rules);
	if ("kind" in recognized) {
		if (rules.nftError?.finding.problem === recognized) throw rules.nftError;
		const fix = recognized.kind === "otherProxyMode" ? undefined : cluster.restartProxyCommand(proxy);
		throw new UnreadableRules({ node: name, problem: recognized, ...(fix && { fix }) });
	}
	const { facts, ipsets, remembered, gaps } = surroundings;
	const network = { ...networkOf(node, facts), ...(ipsets && { ipsets }) };
	return assemble({ ...rules, gaps: [...rules.gaps, ...gaps] }, recognized, network, remembered);
}

/** kube-proxy's image doesn't always have nft and ipset. */
function readerElsewhere(cluster: NodePrograms, { otherReaders }: Readers, node: string, first: Read): Read {
	const other = otherReaders?.get(node);
	if (!other) return first;
	const second = reader(cluster, node, other);
	return (program, parse) => first(program, parse).catch(() => second(program, parse));
}

const familiesOf = (snapshot: ClusterSnapshot) => [...new Set(viewsOf(snapshot).map(({ family }) => family))];

function assemble(
	rules: NodeRules,
	{ backend, saved, leftovers }: ProxyRules,
	network: NodeNetwork,
	remembered: Surroundings["remembered"],
): Ruleset {
	const { nft, gaps } = rules;
	const tables = rules.families.map(tablesOf);
	const unread = [
		...new Set(gaps.flatMap(({ present, source }) => (present !== "yes" && isRuleSource(source) ? source : []))),
	];
	const own = ({ family }: Pick<Packet, "family">) => tables.find(({ iptables }) => iptables.family === family);
	const ruleTextByHandle =
		(listed: NftablesRuleset): RuleText =>
		(traced, family) =>
			ruleOfNftables(listed, own({ family })?.iptables)(traced, family);
	const native = new Set(tables.flatMap(({ iptables }) => nativeTables(nft, iptables).tables));
	const rulesOf: Ruleset["rulesOf"] = ({ family, service }) => {
		if (!saved) return nftablesRulesOf(nft, service, family);
		const { iptables, legacy } = own({ family }) ?? {};
		const served = backend === "iptables-legacy" ? legacy : iptables;
		return served ? iptablesRulesOf(served, service) : [];
	};
	const here = new Network(network);
	return {
		backend,
		proxyMode: backend === "nftables" ? "nftables" : "iptables",
		walk: (packet) => {
			const affinity = remembered === "unknown" ? remembered : (remembered.get(packet.source) ?? []);
			const paths = walkNftables(nft, packet, network, { affinity, ...own(packet) });
			return unread.length > 0 ? paths.map((path) => ({ ...path, unread })) : paths;
		},
		hidesBridged: (from, to) => {
			const [source, destination] = [from, to].map(parseAddress);
			return source && destination && here.hidesBridged(source, destination);
		},
		rulesOf,
		rememberedBy: (view) => (remembered === "unknown" ? remembered : rememberedClients(rulesOf(view), remembered, nft)),
		notUnderstood: () => [
			...tables.flatMap(({ iptables, legacy }) => [iptables, legacy].flatMap(iptablesLines)),
			...problemsOfNftables({ ...nft, tables: nft.tables.filter((table) => native.has(table)) }),
		],
		ruleText: saved ? ruleOfIptables : ruleTextByHandle(nft),
		ruleTextByHandle,
		gaps,
		leftovers,
	};
}

const isRuleSource = (source: RulesGap["source"]): source is RuleSource =>
	RuleSource.options.some((one) => one === source);

/** By back end. */
function tablesOf({ backend, usual, other }: FamilyRules): { iptables: IptablesTables; legacy: IptablesTables } {
	const [iptables, legacy] = backend === "iptables-nft" ? [usual, other] : [other, usual];
	return { iptables: iptables.tables, legacy: legacy.tables };
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

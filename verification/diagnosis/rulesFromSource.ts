/** Reads the rules of the nodes through kube-proxy's pods, from a live cluster or a bundle. */
import { saysForbidden } from "../../kubernetes/apiErrors.ts";
import { commandFor, type Ran, restartProxyCommand } from "../../kubernetes/exec.ts";
import type { Node } from "../../kubernetes/model.ts";
import { operatingSystem } from "../../kubernetes/objects.ts";
import type { ClusterSnapshot } from "../../kubernetes/snapshot.ts";
import type { ClusterSource, Container } from "../../kubernetes/source/clusterSource.ts";
import type { Gap, GapCause } from "../../kubernetes/source/gap.ts";
import type { Family } from "../../netfilter/model.ts";
import { readFinding } from "../findings.ts";
import type { ReadProblem } from "../nodeProblem.ts";
import type { NodePrograms } from "../nodeRules/ruleOutputs.ts";
import { type Ruleset, readRuleset } from "../ruleset.ts";
import type { WeighedFinding } from "./diagnosisFinding.ts";
import { mergeFindings } from "./findings/mergeFindings.ts";
import type { UdpConnection } from "./findings/staleConntrack.ts";
import { type NodeConnections, readUdpConnections } from "./readUdpConnections.ts";
import type { ServiceView } from "./serviceViews.ts";

export interface RulesReading {
	/** By family of the Service, then by node. */
	rulesets: ReadonlyMap<Family, ReadonlyMap<string, Ruleset>>;
	/** To the UDP ports of the Service, by node. */
	connections: Map<string, UdpConnection[]>;
	findings: WeighedFinding[];
	gaps: Gap[];
}

export const noRules = (gaps: Gap[] = []): RulesReading => ({
	rulesets: new Map(),
	connections: new Map(),
	findings: [],
	gaps,
});

/** The rules that a view's packets meet, by node. */
export const rulesetsFor = (
	{ rulesets }: Pick<RulesReading, "rulesets">,
	{ family }: Pick<ServiceView, "family">,
): ReadonlyMap<string, Ruleset> => rulesets.get(family) ?? new Map();

/**
 * The programs that readRuleset runs, answered by the source, each only once: both families need some of them. Their
 * commands leave the choice of the cluster to the user.
 */
function programsOf(source: ClusterSource): { programs: NodePrograms; sizes: number[] } {
	const answers = new Map<string, Promise<Ran>>();
	const sizes: number[] = [];
	const ask = async (container: Container, program: string[], seconds: number): Promise<Ran> => {
		const ran = await source.run(container, program, seconds);
		sizes.push(ran.stdout.length);
		return ran;
	};
	const programs: NodePrograms = {
		run: (runner, program, seconds) => {
			if (!("exec" in runner)) throw new Error("a diagnosis runs programs in pods only");
			const key = JSON.stringify(program);
			const answer = answers.get(key) ?? ask(runner.exec, program, seconds);
			answers.set(key, answer);
			return answer;
		},
		commandFor: (runner, program) => withoutAccess(commandFor(nowhere, runner, program)),
		restartProxyCommand: (proxy) => {
			const command = restartProxyCommand(nowhere, proxy);
			return command && withoutAccess(command);
		},
	};
	return { programs, sizes };
}

const nowhere = { kubeconfig: "" };

const withoutAccess = (command: string[]): string[] =>
	command.filter((word, i) => word !== "--kubeconfig" && command[i - 1] !== "--kubeconfig");

/** Rules of more characters than that don't fit into 2 GiB of memory: parsed, they need about four times as much. */
const mostCharacters = 450_000_000;

/**
 * @param views of all ports and families
 * @param most characters of all nodes' rules: the nodes that come after that aren't read
 */
export async function readRulesFrom(
	source: ClusterSource,
	views: readonly ServiceView[],
	most = mostCharacters,
): Promise<RulesReading> {
	const families = [...new Map(views.map(({ family, snapshot }) => [family, snapshot]))];
	const names = namesOf(families);
	const left = endpointsFirst(names, families);
	const results: NodeRead[] = [];
	let characters = 0;
	// In rounds: the same nodes are read every time, also from a bundle.
	while (left.length > 0 && characters < most) {
		const round = left.splice(0, readsAtOnce);
		const read = await Promise.all(round.map((name) => readNode(source, name, families, views)));
		characters += read.reduce((sum, one) => sum + one.characters, 0);
		results.push(...read);
	}
	const rulesets = new Map<Family, ReadonlyMap<string, Ruleset>>(
		families.map(([family]) => [family, new Map(results.flatMap((result) => rulesetOf(result, family)))]),
	);
	const reading = { ...noRules(), rulesets };
	for (const result of results.toSorted((a, b) => names.indexOf(a.node) - names.indexOf(b.node)))
		addNode(reading, result, families.length > 1);
	for (const node of left) reading.gaps.push({ subject: "rules", node, cause: { kind: "tooLarge", characters } });
	return { ...reading, findings: mergeFindings(reading.findings) };
}

const readsAtOnce = 16;

const namesOf = (families: readonly [Family, ClusterSnapshot][]): string[] => [
	...new Set(families.flatMap(([, { nodes }]) => nodes.filter(isReadable).map(({ name }) => name))),
];

function endpointsFirst(names: readonly string[], families: readonly [Family, ClusterSnapshot][]): string[] {
	const withEndpoint = new Set(families.flatMap(([, { endpoints }]) => endpoints.map(({ node }) => node)));
	return [...names].toSorted((a, b) => Number(withEndpoint.has(b)) - Number(withEndpoint.has(a)));
}

const rulesetOf = ({ node, read }: NodeRead, family: Family): [string, Ruleset][] =>
	read.flatMap((one): [string, Ruleset][] => (one.family === family && one.ruleset ? [[node, one.ruleset]] : []));

const isReadable = ({ ready, labels }: Node): boolean => ready && operatingSystem(labels) === "linux";

interface FamilyRead {
	family: Family;
	ruleset?: Ruleset;
	error?: ReturnType<typeof readFinding>;
}

interface NodeRead {
	node: string;
	read: FamilyRead[];
	udp: NodeConnections | undefined;
	/** Of all that was read. */
	characters: number;
}

async function readNode(
	source: ClusterSource,
	name: string,
	families: readonly [Family, ClusterSnapshot][],
	views: readonly ServiceView[],
): Promise<NodeRead> {
	const { programs, sizes } = programsOf(source);
	const read = families.map(async ([family, snapshot]): Promise<FamilyRead[]> => {
		const node = snapshot.nodes.find((node) => node.name === name);
		if (!node) return [];
		try {
			return [{ family, ruleset: await readRuleset(programs, snapshot, node) }];
		} catch (error) {
			return [{ family, error: readFinding(name, error) }];
		}
	});
	const [, snapshot] = families[0] ?? [];
	const udp = snapshot && connectionsOn(source, snapshot, name, views);
	const all = (await Promise.all(read)).flat();
	return { node: name, read: all, udp: await udp, characters: sizes.reduce((sum, size) => sum + size, 0) };
}

/** @param isDual whether findings and gaps name the family */
function addNode(reading: RulesReading, { node, read, udp }: NodeRead, isDual: boolean): void {
	for (const { ruleset } of read) if (ruleset) addRuleset(reading, node, ruleset);
	addProblems(reading, node, read, isDual);
	if (!udp) return;
	reading.connections.set(node, udp.connections);
	// If no program can run there, the gap about the rules says so.
	const isRead = read.some(({ ruleset }) => ruleset);
	reading.gaps.push(...udp.gaps.filter(({ cause }) => isRead || cause.kind === "noProgram"));
}

async function connectionsOn(
	source: ClusterSource,
	{ kubeProxies }: ClusterSnapshot,
	name: string,
	views: readonly ServiceView[],
): Promise<NodeConnections | undefined> {
	const proxy = kubeProxies.get(name);
	return proxy && "exec" in proxy ? readUdpConnections(source, proxy.exec, name, views) : undefined;
}

/** Rules that couldn't be read may change what the others lead to; those of an earlier kube-proxy are still evaluated. */
function addRuleset(reading: RulesReading, node: string, ruleset: Ruleset): void {
	for (const { source, problem } of ruleset.gaps) {
		const cause = causeOf(problem);
		const isOfRules = source !== "network" && source !== "recent" && source !== "ipset";
		reading.gaps.push(isOfRules ? { subject: "otherRules", node, source, cause } : { subject: source, node, cause });
	}
	for (const { backend, chain } of ruleset.leftovers) {
		reading.findings.push({ weight: "note", finding: { kind: "leftoverRules", nodes: [node], backend, chain } });
	}
}

function addProblems(reading: RulesReading, node: string, read: readonly FamilyRead[], isDual: boolean): void {
	const failed = read.flatMap(({ family, error }) => (error ? [{ family, ...error }] : []));
	// What prevents reading one family mostly prevents reading the other too.
	const isSame = failed.length === read.length && new Set(failed.map(({ problem }) => problem.kind)).size === 1;
	for (const { family, problem, inspect, fix } of isSame ? failed.slice(0, 1) : failed) {
		const concerned = isDual && !isSame ? { family } : {};
		if (problem.kind !== "missingChain" && problem.kind !== "noProxyRules") {
			reading.gaps.push({ subject: "rules", node, ...concerned, cause: causeOf(problem) });
			continue;
		}
		const finding = { kind: "unusableRules" as const, node, ...concerned, problem };
		// If it serves the other family, kube-proxy runs without this one: a restart doesn't change that.
		const restart = "family" in concerned ? undefined : fix;
		reading.findings.push({ weight: "cause", finding, ...(inspect && { inspect }), ...(restart && { fix: restart }) });
	}
}

function causeOf(problem: ReadProblem): GapCause {
	switch (problem.kind) {
		case "noReader":
			return { kind: "noProxyPod" };
		case "failed":
			return { kind: saysForbidden(problem.message) ? "forbidden" : "failed", message: problem.message };
		case "incomplete":
			return { kind: "incomplete", program: problem.program.join(" "), reason: problem.reason };
		case "otherProxyMode":
			return { kind: "proxyMode", mode: problem.mode };
		case "missingChain":
		case "noProxyRules":
			return { kind: "failed", message: problem.kind };
	}
}

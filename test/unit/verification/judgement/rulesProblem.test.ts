import { describe, expect, it } from "vitest";
import type { ClusterSnapshot } from "../../../../kubernetes/snapshot.ts";
import type { Path } from "../../../../netfilter/model.ts";
import { rulesProblem } from "../../../../verification/judgement/rulesProblem.ts";
import type { Ruleset } from "../../../../verification/ruleset.ts";
import { dnsutils, endpoint, sampleView } from "../sampleSnapshot.ts";

const path = (changes: Partial<Path>): Path => ({
	probability: 1,
	outcome: "endpoint",
	masqueraded: true,
	hops: [],
	...changes,
});
const to = (address: string) => path({ endpoint: { address, port: 8080 } });
const ruleset = (...paths: Path[]): Ruleset => ({
	backend: "iptables-nft",
	proxyMode: "iptables",
	walk: () => paths,
	rulesOf: () => [],
	rememberedBy: () => [],
	notUnderstood: () => [],
	hidesBridged: () => undefined,
	ruleText: () => undefined,
	ruleTextByHandle: () => () => undefined,
	gaps: [],
	leftovers: [],
});
const node = (name: string) => {
	const found = sampleView().nodes.find((node) => node.name === name);
	if (!found) throw new Error(`no node ${name}`);
	return found;
};

describe("a node's rules, compared with the API", () => {
	const problem = (rules: Ruleset, snapshot = sampleView()) =>
		rulesProblem(snapshot, dnsutils, node("nodeport-worker2"), rules);
	const local = sampleView({ service: { ...sampleView().service, externalTrafficPolicy: "Local" } });

	it("are right when they lead to the Service's endpoints and nowhere else", () => {
		expect(problem(ruleset(to("10.244.3.9")))).toBeUndefined();
	});

	it.each([
		["another endpoint", [to("10.244.9.9")], ["10.244.9.9:8080"]],
		["one endpoint too many", [to("10.244.3.9"), to("10.244.9.9")], ["10.244.3.9:8080", "10.244.9.9:8080"]],
		["nowhere, before kube-proxy writes them", [path({ outcome: "untouched" })], ["untouched"]],
		["a rule that can't be evaluated", [path({ outcome: "unknown" })], ["unknown"]],
	])("are wrong when they lead to %s", (_, paths, observed) => {
		expect(problem(ruleset(...paths))).toEqual({
			kind: "endpoints",
			expected: ["10.244.3.9:8080"],
			observed,
		});
	});

	it("must lead to every endpoint", () => {
		const endpoints = [endpoint("nodeport-worker", "10.244.3.9"), endpoint("nodeport-worker2", "10.244.4.9")];
		expect(problem(ruleset(to("10.244.3.9")), sampleView({ endpoints }))).toMatchObject({
			expected: [expect.anything(), "10.244.4.9:8080"],
		});
	});

	it("must drop the packet on a node without an endpoint with policy Local", () => {
		expect(problem(ruleset(path({ outcome: "drop" })), local)).toBeUndefined();
		expect(problem(ruleset(to("10.244.3.9")), local)).toBeDefined();
	});

	it("must rewrite the address of a client outside the cluster with policy Cluster, and keep it with Local", () => {
		const snapshots = { Cluster: sampleView(), Local: local };
		const [masqueraded, kept] = [to("10.244.3.9"), { ...to("10.244.3.9"), masqueraded: false }];
		const rulesOf = (way: Path, snapshot: ClusterSnapshot) =>
			rulesProblem(snapshot, dnsutils, node("nodeport-worker"), ruleset(way));
		expect(rulesOf(masqueraded, snapshots.Cluster)).toBeUndefined();
		expect(rulesOf(kept, snapshots.Local)).toBeUndefined();
		expect(rulesOf(kept, snapshots.Cluster)).toEqual({ kind: "policy", expected: "Cluster", observed: "kept" });
		expect(rulesOf(masqueraded, snapshots.Local)).toEqual({ kind: "policy", expected: "Local", observed: "rewritten" });
		// Another CNI's rules may rewrite addresses too.
		expect(rulesOf(masqueraded, { ...snapshots.Local, foreignNetwork: true })).toBeUndefined();
	});

	it("must reject the packet if the Service has no endpoint", () => {
		const none = sampleView({ endpoints: [] });
		expect(problem(ruleset(path({ outcome: "reject" })), none)).toBeUndefined();
		expect(problem(ruleset(path({ outcome: "untouched" })), none)).toBeDefined();
	});

	it("are wrong with session affinity if they are right only for a remembered client", () => {
		const service = { ...sampleView().service, sessionAffinity: "ClientIP" as const };
		const snapshot = sampleView({
			service,
			endpoints: [endpoint("nodeport-worker", "10.244.3.9"), endpoint("nodeport-worker", "10.244.3.10")],
		});
		const [first, both] = [[to("10.244.3.9")], [to("10.244.3.9"), to("10.244.3.10")]];
		const rules = (others: Path[]) => ({
			...ruleset(),
			walk: ({ source }: { source: string }) => (source === "192.0.2.1" ? others : first),
		});
		expect(problem(rules(both), snapshot)).toBeUndefined();
		expect(problem(rules(first), snapshot)).toMatchObject({ kind: "endpoints", observed: ["10.244.3.9:8080"] });
	});
});

import { describe, expect, it } from "vitest";
import type { ClusterSnapshot } from "../../../../kubernetes/snapshot.ts";
import { requestName } from "../../../../report/matrixText.ts";
import { judge, requestJourney } from "../../../../verification/judgement/judge.ts";
import type { Expected, Observed } from "../../../../verification/model.ts";
import type { MeasuredRequest } from "../../../../verification/probe.ts";
import { dnsutils, rulesets, snapshots } from "../trace/traceLab.ts";

const rules = await rulesets();

const withClient = (snapshot: ClusterSnapshot): ClusterSnapshot => ({
	...snapshot,
	clients: [{ name: "dnsutils", run: { spawn: ["true"] }, get: ["curl"], place: dnsutils }],
});

const measured = (snapshot: ClusterSnapshot, expected: Expected, observed: Observed): MeasuredRequest => ({
	cell: {
		client: "dnsutils",
		scope: "external",
		target: { kind: "nodePort", address: `172.18.0.9:${snapshot.service.nodePort}`, node: "nodeport-worker2" },
		expected,
		observed,
		command: "true",
	},
	command: ["true"],
});

const promised: Expected = {
	outcome: "ok",
	nodes: ["nodeport-worker"],
	podIps: ["10.244.1.10"],
	clientIp: "172.18.0.9",
};
const answered: Observed = { outcome: "ok", node: "nodeport-worker", podIp: "10.244.1.10", clientIp: "172.18.0.9" };

describe("with captured rules", () => {
	const snapshot = withClient(snapshots["nodeport-service"]);

	it("API objects, rules and measurement agree", () => {
		const { cell, finding } = judge(snapshot, rules, measured(snapshot, promised, answered));
		expect(cell.ok).toBe(true);
		expect(finding).toBeUndefined();
	});

	it.each([
		["the measurement", promised, { ...answered, podIp: "10.244.1.99" }],
		[
			"the client IP by the rules, which the API objects leave open",
			{ outcome: "ok" },
			{ ...answered, clientIp: "10.244.3.2" },
		],
		["the expectation, though it was measured", { outcome: "timeout" }, { outcome: "timeout" }],
		["the rules, which lead to no such pod", { ...promised, podIps: ["10.244.1.10", "10.244.2.2"] }, answered],
	] as const)("%s differs", (_, expected, observed) => {
		const cell = measured(snapshot, expected as Expected, observed);
		const judged = judge(snapshot, rules, cell);
		expect(judged.cell.ok).toBe(false);
		expect(requestName(judged.finding ?? judged.cell)).toBe("dnsutils -> nodeport-worker2 nodePort 172.18.0.9:30040");
		expect(judged.finding?.predicted).toEqual([
			{
				kind: "pod",
				node: "nodeport-worker",
				address: "10.244.1.10",
				port: 8080,
				clientIp: "172.18.0.9",
				pod: "app1-6666c77bf5-p5nfg",
			},
		]);
		expect(JSON.stringify(requestJourney(snapshot, rules, judged.cell))).toContain("KUBE-EXT-SR75RJIBNEHN2H65");
	});

	it("rules that couldn't be read contradict nothing", () => {
		const none = new Map();
		expect(judge(snapshot, none, measured(snapshot, promised, answered)).cell.ok).toBe(true);
		expect(judge(snapshot, none, measured(snapshot, promised, { outcome: "timeout" }))).toMatchObject({
			cell: { ok: false },
			finding: { predicted: [{ kind: "unknown", node: "nodeport-worker3" }] },
		});
	});
});

it("doesn't agree with rules that can't be evaluated", () => {
	const snapshot = withClient(snapshots["nodeport-service"]);
	const unknown = new Map(
		[...rules].map(([node, ruleset]) => [
			node,
			{ ...ruleset, walk: () => [{ probability: 1, outcome: "unknown" as const, masqueraded: false, hops: [] }] },
		]),
	);
	expect(judge(snapshot, unknown, measured(snapshot, promised, answered))).toMatchObject({
		cell: { ok: false },
		finding: { predicted: [{ kind: "unknown", node: "nodeport-worker3" }] },
	});
});

it("finds the rule that refuses an expected answer", () => {
	const snapshot = withClient(snapshots["trace-empty"]);
	const { cell, finding } = judge(snapshot, rules, measured(snapshot, { outcome: "ok" }, { outcome: "refused" }));
	expect(cell.ok).toBe(false);
	expect(finding?.predicted).toMatchObject([{ kind: "reject", with: "icmp-port-unreachable" }]);
	expect(JSON.stringify(requestJourney(snapshot, rules, cell))).toMatch(/-j REJECT/);
});

it("accepts that session affinity leads a client to only one of the pods", () => {
	const snapshot = withClient(snapshots["nodeport-service"]);
	const cell = measured(snapshot, { ...promised, podIps: ["10.244.1.10", "10.244.2.2"] }, answered);
	expect(judge(snapshot, rules, cell).cell.ok).toBe(false);
	const sticky = { ...snapshot, service: { ...snapshot.service, sessionAffinity: "ClientIP" as const } };
	expect(judge(sticky, rules, cell).cell.ok).toBe(true);
});

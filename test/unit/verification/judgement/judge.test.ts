import { describe, expect, it } from "vitest";
import type { ClusterSnapshot } from "../../../../kubernetes/snapshot.ts";
import { judge } from "../../../../verification/judgement/judge.ts";
import type { Expected, Observed } from "../../../../verification/model.ts";
import type { MeasuredCell } from "../../../../verification/probe.ts";
import { dnsutils, rulesets, snapshots } from "../trace/traceLab.ts";

const rules = await rulesets();

const withClient = (snapshot: ClusterSnapshot): ClusterSnapshot => ({
	...snapshot,
	clients: [{ name: "dnsutils", run: { spawn: ["true"] }, get: ["curl"], place: dnsutils }],
});

const measured = (snapshot: ClusterSnapshot, expected: Expected, observed: Observed): MeasuredCell => ({
	client: "dnsutils",
	scope: "external",
	target: { kind: "nodePort", address: `172.18.0.9:${snapshot.service.nodePort}`, node: "nodeport-worker2" },
	expected,
	observed,
	command: "true",
});

const promised: Expected = {
	outcome: "ok",
	nodes: ["nodeport-worker"],
	podIps: ["10.244.1.10"],
	clientIp: "172.18.0.9",
};
const answered: Observed = { outcome: "ok", node: "nodeport-worker", podIp: "10.244.1.10", clientIp: "172.18.0.9" };

describe("by the rules of a node that were captured", () => {
	const snapshot = withClient(snapshots["nodeport-service"]);

	it("promise, rules and measurement are one", () => {
		const { cell, difference } = judge(snapshot, rules, measured(snapshot, promised, answered));
		expect(cell.ok).toBe(true);
		expect(difference).toBeUndefined();
	});

	it.each([
		["the measurement", promised, { ...answered, podIp: "10.244.1.99" }],
		[
			"the client IP that the rules give, which the promise leaves open",
			{ outcome: "ok" },
			{ ...answered, clientIp: "10.244.3.2" },
		],
		["the promise, though it is what was measured", { outcome: "timeout" }, { outcome: "timeout" }],
		["the rules, which lead to no such pod", { ...promised, podIps: ["10.244.1.10", "10.244.2.2"] }, answered],
	] as const)("%s differs", (_, expected, observed) => {
		const cell = measured(snapshot, expected as Expected, observed);
		const judged = judge(snapshot, rules, cell);
		expect(judged.cell.ok).toBe(false);
		expect(judged.difference).toMatchObject({
			cell: "dnsutils -> nodeport-worker2 nodePort 172.18.0.9:30040",
			rules: "ok, from nodeport-worker, pod 10.244.1.10, seeing client 172.18.0.9",
			path: expect.stringContaining("KUBE-EXT-SR75RJIBNEHN2H65"),
		});
	});

	it("rules that could not be read contradict nothing", () => {
		const none = new Map();
		expect(judge(snapshot, none, measured(snapshot, promised, answered)).cell.ok).toBe(true);
		expect(judge(snapshot, none, measured(snapshot, promised, { outcome: "timeout" }))).toMatchObject({
			cell: { ok: false },
			difference: { rules: expect.stringContaining("unknown on nodeport-worker3") },
		});
	});
});

it("does not take a walk that cannot tell for one that agrees", () => {
	const snapshot = withClient(snapshots["nodeport-service"]);
	const unknown = new Map(
		[...rules].map(([node, ruleset]) => [
			node,
			{ ...ruleset, walk: () => [{ probability: 1, outcome: "unknown" as const, masqueraded: false, hops: [] }] },
		]),
	);
	expect(judge(snapshot, unknown, measured(snapshot, promised, answered))).toMatchObject({
		cell: { ok: false },
		difference: { rules: expect.stringContaining("unknown on nodeport-worker3") },
	});
});

it("shows the rule that refuses what the lab promises", () => {
	const snapshot = withClient(snapshots["trace-empty"]);
	const { cell, difference } = judge(snapshot, rules, measured(snapshot, { outcome: "ok" }, { outcome: "refused" }));
	expect(cell.ok).toBe(false);
	expect(difference?.rules).toBe("refused");
	expect(difference?.path).toMatch(/-j REJECT/);
});

it("takes a client that the node remembers to one of the pods that may answer", () => {
	const snapshot = withClient(snapshots["nodeport-service"]);
	const cell = measured(snapshot, { ...promised, podIps: ["10.244.1.10", "10.244.2.2"] }, answered);
	expect(judge(snapshot, rules, cell).cell.ok).toBe(false);
	const sticky = { ...snapshot, service: { ...snapshot.service, sessionAffinity: "ClientIP" as const } };
	expect(judge(sticky, rules, cell).cell.ok).toBe(true);
});

import { describe, expect, it } from "vitest";
import type { ClusterSnapshot } from "../../../../kubernetes/snapshot.ts";
import { judge } from "../../../../verification/judgement/judge.ts";
import type { Expected, Observed } from "../../../../verification/model.ts";
import type { MeasuredCell } from "../../../../verification/probe.ts";
import { dnsutils, rulesets, views } from "../trace/traceLab.ts";

const rules = await rulesets();

const withClient = (view: ClusterSnapshot): ClusterSnapshot => ({
	...view,
	clients: [{ name: "dnsutils", run: { spawn: ["true"] }, get: ["curl"], place: dnsutils }],
});

const measured = (view: ClusterSnapshot, expected: Expected, observed: Observed): MeasuredCell => ({
	client: "dnsutils",
	scope: "external",
	target: { kind: "nodePort", address: `172.18.0.9:${view.service.nodePort}`, node: "nodeport-worker2" },
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
	const view = withClient(views["nodeport-service"]);

	it("promise, rules and measurement are one", () => {
		const { cell, difference } = judge(view, rules, measured(view, promised, answered));
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
		const cell = measured(view, expected as Expected, observed);
		const judged = judge(view, rules, cell);
		expect(judged.cell.ok).toBe(false);
		expect(judged.difference).toMatchObject({
			cell: "dnsutils -> nodeport-worker2 nodePort 172.18.0.9:30040",
			rules: "ok, from nodeport-worker, pod 10.244.1.10, seeing client 172.18.0.9",
			path: expect.stringContaining("KUBE-EXT-SR75RJIBNEHN2H65"),
		});
	});

	it("rules that could not be read contradict nothing", () => {
		const none = new Map();
		expect(judge(view, none, measured(view, promised, answered)).cell.ok).toBe(true);
		expect(judge(view, none, measured(view, promised, { outcome: "timeout" }))).toMatchObject({
			cell: { ok: false },
			difference: { rules: expect.stringContaining("unknown on nodeport-worker3") },
		});
	});
});

it("does not take a walk that cannot tell for one that agrees", () => {
	const view = withClient(views["nodeport-service"]);
	const unknown = new Map(
		[...rules].map(([node, ruleset]) => [
			node,
			{ ...ruleset, walk: () => [{ probability: 1, outcome: "unknown" as const, masqueraded: false, hops: [] }] },
		]),
	);
	expect(judge(view, unknown, measured(view, promised, answered))).toMatchObject({
		cell: { ok: false },
		difference: { rules: expect.stringContaining("unknown on nodeport-worker3") },
	});
});

it("shows the rule that refuses what the lab promises", () => {
	const view = withClient(views["trace-empty"]);
	const { cell, difference } = judge(view, rules, measured(view, { outcome: "ok" }, { outcome: "refused" }));
	expect(cell.ok).toBe(false);
	expect(difference?.rules).toBe("refused");
	expect(difference?.path).toMatch(/-j REJECT/);
});

it("takes a client that the node remembers to one of the pods that may answer", () => {
	const view = withClient(views["nodeport-service"]);
	const cell = measured(view, { ...promised, podIps: ["10.244.1.10", "10.244.2.2"] }, answered);
	expect(judge(view, rules, cell).cell.ok).toBe(false);
	const sticky = { ...view, service: { ...view.service, sessionAffinity: "ClientIP" as const } };
	expect(judge(sticky, rules, cell).cell.ok).toBe(true);
});

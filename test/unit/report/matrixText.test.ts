import { expect, it } from "vitest";
import { wrapped } from "../../../lib/table.ts";
import { differencePaths, failureOf, matrixTables } from "../../../report/matrixText.ts";
import type { Cell, Target } from "../../../verification/model.ts";

const nodePort = (node: string, host: number): Target => ({
	kind: "nodePort",
	node,
	address: `172.18.0.${host}:30040`,
});
const clusterIp: Target = { kind: "clusterIp", address: "10.96.0.10:8080" };

const cell = (client: string, target: Target, changes: Partial<Cell> = {}): Cell => ({
	client,
	scope: target.kind === "nodePort" ? "external" : "internal",
	target,
	expected: { outcome: "ok", nodes: ["nodeport-worker"], podIps: ["10.244.3.9"], clientIp: "172.18.0.4" },
	observed: { outcome: "ok", node: "nodeport-worker", podIp: "10.244.3.9", clientIp: "172.18.0.4" },
	ok: true,
	command: `kubectl exec ${client} -- curl http://${target.address}/host`,
	...changes,
});

const failed = cell("outside", nodePort("nodeport-worker", 3), {
	observed: { outcome: "timeout", body: "curl: (28) timed out\nmore" },
	ok: false,
});
const cells = [
	cell("dnsutils", nodePort("nodeport-worker", 3)),
	cell("dnsutils", clusterIp, { expected: { outcome: "ok" }, observed: { outcome: "ok", clientIp: "10.244.5.2" } }),
	failed,
];
const paint = (_: boolean, text: string) => text;
const words = [
	"ok: a pod of the Service answered; behind it the client IP that the pod sees, where that can be foretold",
	"timeout: no answer came",
	"not routed: nothing leads there from that client, or nothing can be foretold of it: it does not ask",
];

it("shows what was predicted, what was measured and where they differ, a row for each client", () => {
	expect(matrixTables(cells, 160, paint).map(({ title, text }) => [title, ...text.split("\n")])).toEqual([
		[
			"Predicted: how each request ends, and which client IP the pod sees",
			"CLIENT    nodeport-worker  clusterIp",
			"dnsutils  ok 172.18.0.4    ok",
			"outside   ok 172.18.0.4    not routed",
			"",
			...words,
		],
		[
			"Measured",
			"CLIENT    nodeport-worker  clusterIp",
			"dnsutils  ok 172.18.0.4    ok 10.244.5.2",
			"outside   timeout          not routed",
		],
		[
			"Difference: 1 of 3 cells",
			"CLIENT    nodeport-worker                    clusterIp",
			"dnsutils  as predicted                       as predicted",
			"outside   FAILED timeout, not ok 172.18.0.4  not routed",
		],
	]);
});

it("puts columns below each other that do not fit beside each other, each with its clients", () => {
	const [predicted] = matrixTables(cells, 28, paint);
	expect(predicted?.text.split("\n")).toEqual([
		"CLIENT    nodeport-worker",
		"dnsutils  ok 172.18.0.4",
		"outside   ok 172.18.0.4",
		"",
		"CLIENT    clusterIp",
		"dnsutils  ok",
		"outside   not routed",
		"",
		...words,
	]);
});

it("names a cell with what was promised, where the rules lead, what came and the command that asks again", () => {
	const difference = { cell: "", rules: "refused", path: "" };
	expect(failureOf(failed, difference)).toBe(
		"outside -> nodeport-worker nodePort 172.18.0.3:30040: " +
			"expected ok, from nodeport-worker, pod 10.244.3.9, seeing client 172.18.0.4; " +
			"the rules lead to refused; observed timeout, curl: (28) timed out; " +
			"repeat: kubectl exec outside -- curl http://172.18.0.3:30040/host",
	);
});

it("shows the first paths of what differs, and where the others are", () => {
	const difference = (number: number) => ({ cell: `cell ${number}`, rules: "refused", path: `path ${number}` });
	expect(differencePaths([1, 2].map(difference))).toBe("cell 1\npath 1\n\ncell 2\npath 2");
	expect(differencePaths([1, 2, 3, 4, 5].map(difference))).toMatch(
		/cell 3\npath 3\n\nThe paths of 2 more are in the report.*npm run explain/,
	);
});

it("wraps a long line where it may, and indents what follows", () => {
	const parts = ["one", "-> two", "-> three", "-> four"];
	expect(wrapped(parts, 16, "  ")).toBe("  one -> two\n    -> three\n    -> four");
	expect(wrapped(parts, Number.POSITIVE_INFINITY, "  ")).toBe("  one -> two -> three -> four");
});

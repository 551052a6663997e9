import { expect, it } from "vitest";
import { wrapped } from "../../../lib/table.ts";
import { findingText } from "../../../report/findingText.ts";
import { matrixTables } from "../../../report/matrixText.ts";
import { failedPaths } from "../../../report/path/failedPaths.ts";
import type { RequestFinding } from "../../../verification/findings.ts";
import type { Cell, Target } from "../../../verification/model.ts";
import { sampleReport } from "./sampleReport.ts";

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
	"ok: a pod of the Service answers; the client IP that it sees follows, if it can be predicted",
	"timeout: no answer comes",
	"not sent: the client sends no request, because the target can't be reached or predicted from there",
];

it("shows prediction, measurement and difference, with a row for each client", () => {
	expect(matrixTables(cells, 160, paint).map(({ title, text }) => [title, ...text.split("\n")])).toEqual([
		[
			"Predicted: how each request ends, and which client IP the pod sees",
			"CLIENT    nodeport-worker  clusterIp",
			"dnsutils  ok 172.18.0.4    ok",
			"outside   ok 172.18.0.4    not sent",
			"",
			...words,
		],
		[
			"Measured",
			"CLIENT    nodeport-worker  clusterIp",
			"dnsutils  ok 172.18.0.4    ok 10.244.5.2",
			"outside   timeout          not sent",
		],
		[
			"Difference: 1 of 3 requests",
			"CLIENT    nodeport-worker                    clusterIp",
			"dnsutils  as predicted                       as predicted",
			"outside   FAILED timeout, not ok 172.18.0.4  not sent",
		],
	]);
});

it("wraps columns that don't fit, and repeats the clients", () => {
	const [predicted] = matrixTables(cells, 28, paint);
	expect(predicted?.text.split("\n")).toEqual([
		"CLIENT    nodeport-worker",
		"dnsutils  ok 172.18.0.4",
		"outside   ok 172.18.0.4",
		"",
		"CLIENT    clusterIp",
		"dnsutils  ok",
		"outside   not sent",
		"",
		"ok: a pod of the Service",
		"  answers; the client IP",
		"  that it sees follows, if",
		"  it can be predicted",
		"timeout: no answer comes",
		"not sent: the client sends",
		"  no request, because the",
		"  target can't be reached or",
		"  predicted from there",
	]);
});

const failure = ({ client, target, expected, observed }: Cell): RequestFinding => ({
	kind: "request",
	client,
	target,
	expected,
	predicted: [{ kind: "node", node: "nodeport-worker", address: "172.18.0.3", port: 30040, clientIp: "172.18.0.9" }],
	observed,
	repeat: ["kubectl", "exec", client, "--", "curl", `http://${target.address}/host`],
});

it("describes a failed request: expected, predicted from the rules, observed, and the command that repeats it", () => {
	expect(findingText(failure(failed))).toBe(
		"outside -> nodeport-worker nodePort 172.18.0.3:30040: " +
			"expected ok, from nodeport-worker, pod 10.244.3.9, client IP 172.18.0.4; " +
			"predicted from the rules: refused; observed timeout, curl: (28) timed out; " +
			"repeat: kubectl exec outside -- curl http://172.18.0.3:30040/host",
	);
});

it("shows the first paths of failed requests, and where to find the others", () => {
	const reportOf = (count: number) => {
		const hosts = Array.from({ length: count }, (_, i) => i + 1);
		const requests = hosts.map((host) => ({
			client: "dnsutils",
			address: `172.18.0.${host}:30040`,
			branches: [{ probability: 1, legs: [], outcome: "refused" as const, end: { kind: "loopback" as const } }],
			omittedBranches: 0,
		}));
		const findings = hosts.map((host) => failure(cell("dnsutils", nodePort(`node${host}`, host))));
		return { ...sampleReport(), findings, journeys: { hops: [], requests, omittedRequests: 0 } };
	};
	const options = { rules: false, width: 100 };
	const text = failedPaths(reportOf(2), options);
	expect(
		text.match(/^dnsutils -> node\d nodePort 172\.18\.0\.\d:30040\nIt stays in the client's own network/gm),
	).toHaveLength(2);
	expect(text).not.toContain("npm run explain");
	expect(failedPaths(reportOf(5), options)).toMatch(
		/-> node3 .*\n.*\n.*\n\nFor the paths of 2 more, run `npm run explain`/,
	);
});

it("wraps a long line between parts, and indents the rest", () => {
	const parts = ["one", "-> two", "-> three", "-> four"];
	expect(wrapped(parts, 16, "  ")).toBe("  one -> two\n    -> three\n    -> four");
	expect(wrapped(parts, Number.POSITIVE_INFINITY, "  ")).toBe("  one -> two -> three -> four");
});

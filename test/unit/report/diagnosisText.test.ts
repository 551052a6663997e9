import { lexer, parse } from "marked";
import { describe, expect, it } from "vitest";
import { diagnosisMarkdown } from "../../../report/diagnosis/diagnosisMarkdown.ts";
import { diagnosisText, verdictText } from "../../../report/diagnosis/diagnosisText.ts";
import { findingWords } from "../../../report/diagnosis/findings/diagnosisFindingText.ts";
import { gapTexts } from "../../../report/diagnosis/gapText.ts";
import { fill, fillCommand } from "../../../report/screen/fill.ts";
import { diagnose } from "../../../verification/diagnosis/diagnosis.ts";
import { readDiagnosis } from "../../../verification/diagnosis/readDiagnosis.ts";
import { labObjects, MemorySource, objectNamed } from "../verification/diagnosis/labObjects.ts";

async function sample(name: string) {
	const objects = labObjects();
	objectNamed(objects, "services", "trace-empty").spec.selector = { app: "trace-ap" };
	return diagnose(await readDiagnosis(new MemorySource(objects), { namespace: "default", name }));
}

const access = { context: "shop cluster" };

it("names the cluster first, then the verdict, the findings with their fix, and who reaches what", async () => {
	const lines = diagnosisText(await sample("trace-empty"), access, { color: false }).split("\n");
	expect(lines.slice(0, 7)).toEqual([
		"cluster kind-nodeport (https://127.0.0.1:6443, Kubernetes v1.36.3)",
		"",
		"default/trace-empty is broken: the selector app=trace-ap matches no pod.",
		"",
		"1. The selector app=trace-ap matches no pod.",
		"   - 2 pods, such as trace-app-98b6d997b-5lkgn, have app=trace-app instead of app=trace-ap",
		`   fix: kubectl --context 'shop cluster' -n default patch service trace-empty -p '{"spec":{"selector":{"app":"trace-app"}}}'`,
	]);
	expect(lines).toContain("outside the cluster (198.51.100.7)");
	expect(lines.find((line) => line.includes("each of 4 nodes, port 30044"))).toMatch(/connection refused/);
});

it("keeps the spelling of a field at the start of a sentence", async () => {
	const lines = diagnosisText(await sample("trace-local"), access, { color: false }).split("\n");
	expect(lines.find((line) => line.startsWith("1. "))).toMatch(/^1\. externalTrafficPolicy is Local, and /);
});

it("groups the targets of a client that have the same result", async () => {
	const text = diagnosisText(await sample("nodeport-service"), {}, { color: false });
	expect(text).toContain(
		[
			"outside the cluster (198.51.100.7)",
			"  nodeport-worker 172.18.0.8:30040   reaches a pod, which sees 10.244.1.1",
			"  the other 3 nodes, port 30040      reaches a pod, which sees that node's address",
		].join("\n"),
	);
});

it("says that it found no fault, and on how many nodes it checked the rules", async () => {
	expect(verdictText(await sample("nodeport-service"))).toBe(
		"No fault found in default/nodeport-service: its objects and the rules of all 4 nodes agree.",
	);
});

it.each([40, 60, 80, 120, 200])("is never wider than a terminal of %i columns", async (width) => {
	for (const name of ["trace-local", "trace-empty", "trace-cluster"]) {
		const text = diagnosisText(await sample(name), {}, { color: false, width });
		const wide = text.split("\n").filter((line) => line.length > width && !line.includes('{"spec"'));
		expect(wide).toEqual([]);
	}
});

describe("fill", () => {
	it.each([
		["one two three", 8, "- ", ["- one", "  two", "  three"]],
		["abcdefghijklmnop", 10, "  ", ["  abcdefgh", "  ijklmnop"]],
		["", 10, "- ", ["- "]],
	])("breaks %j at %i columns", (text, width, first, lines) => {
		expect(fill(text, width, first)).toEqual(lines);
	});

	it("breaks a command so that a shell still reads it as one", () => {
		expect(fillCommand(["kubectl", "-n", "shop", "get", "pods"], 20, "fix: ")).toEqual([
			"fix: kubectl -n \\",
			"       shop get \\",
			"       pods",
		]);
	});
});

it("says what a missing right would have shown, once for all nodes", () => {
	const forbidden = (node: string) => ({
		subject: "rules" as const,
		node,
		cause: { kind: "forbidden" as const, message: `forbidden ${node}` },
	});
	expect(gapTexts([forbidden("a"), forbidden("b")])).toEqual([
		"rules of a, b: needs the right to create and get pods/exec in kube-system; would show what happens to packets there, and who drops them",
	]);
});

it.each([
	[
		{ kind: "sysctl" as const, nodes: ["a"], name: "net.ipv4.ip_forward", value: "0", required: "1" },
		"net.ipv4.ip_forward is 0 on a",
	],
	[
		{ kind: "sysctl" as const, nodes: ["a"], name: "net.ipv4.conf.eth1.rp_filter", value: "1", required: "2" },
		"net.ipv4.conf.eth1.rp_filter is 1 on a",
	],
	[
		{
			kind: "notListening" as const,
			pod: "web-1",
			port: 8080,
			protocol: "tcp" as const,
			loopbackOnly: true,
			listening: [],
		},
		"pod web-1 listens on 8080/tcp only on its loopback address",
	],
	[
		{ kind: "proxyMissing" as const, nodes: Array.from({ length: 9 }, (_, i) => `n${i}`) },
		"no kube-proxy pod runs on n0, n1, n2, n3 and 5 other nodes",
	],
])("says in one sentence: %j", (finding, title) => {
	expect(findingWords(finding).title).toBe(title);
});

it("is Markdown that shows rules and names as they are", async () => {
	const { tokens, html } = rendered(diagnosisMarkdown(await sample("trace-local")));
	expect(tokens.map(({ type }) => type)).toContain("table");
	const [table] = tokens.filter(({ type }) => type === "table") as { rows: { text: string }[][] }[];
	expect(table?.rows.every((row) => row.length === 3)).toBe(true);
	expect(html).toContain("<h2>default/trace-local is broken: externalTrafficPolicy is Local, and ");
	expect(html).not.toContain("undefined");
});

function rendered(markdown: string) {
	return { tokens: lexer(markdown).filter(({ type }) => type !== "space"), html: parse(markdown, { async: false }) };
}

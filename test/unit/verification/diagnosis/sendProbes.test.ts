import { createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { findingWords } from "../../../../report/diagnosis/findings/diagnosisFindingText.ts";
import { diagnose } from "../../../../verification/diagnosis/diagnosis.ts";
import { readDiagnosis } from "../../../../verification/diagnosis/readDiagnosis.ts";
import { hereAs, measure, type Prober, podProber } from "../../../../verification/diagnosis/sendProbes.ts";
import type { Outcome } from "../../../../verification/model.ts";
import { fixture } from "../trace/traceLab.ts";
import { labObjects, MemorySource, type Objects, type sliceObject } from "./labObjects.ts";

const worker2 = "172.18.0.9";

async function measured(probe: (host: string) => Outcome, name: string, change: (objects: Objects) => void = () => {}) {
	const objects = labObjects();
	change(objects);
	const input = await readDiagnosis(new MemorySource(objects), { namespace: "default", name });
	const prober: Prober = { ...hereAs("198.51.100.7"), probe: async (host) => ({ observed: probe(host) }) };
	const probed = await measure(prober, input.views, input.rules.rulesets);
	return { ...probed, diagnosis: diagnose({ ...input, probed: { ...probed, gaps: [] } }) };
}

describe("a measurement", () => {
	it.each([
		["nodeport-service", () => "ok" as const],
		["trace-empty", () => "refused" as const],
		// Only two nodes have a pod.
		[
			"trace-local",
			(host: string) => (["172.18.0.8", "172.18.0.6"].includes(host) ? ("ok" as const) : ("timeout" as const)),
		],
	])("of %s that ends as predicted isn't a finding", async (name, probe) => {
		const { measurements, findings } = await measured(probe, name);
		expect(measurements.length).toBe(4);
		expect(findings).toEqual([]);
	});

	it("that ends otherwise is one, and says that the cause is outside the rules", async () => {
		const { findings, diagnosis } = await measured((host) => (host === worker2 ? "timeout" : "ok"), "nodeport-service");
		expect(findings).toMatchObject([
			{
				weight: "cause",
				finding: { kind: "probe", observed: "timeout", target: { node: "nodeport-worker2" }, requests: 1 },
			},
		]);
		const [first] = findings;
		expect(first && findingWords(first.finding)).toMatchObject({
			title: "this machine -> nodeport-worker2 172.18.0.9:30040: measured timeout, predicted ok",
			evidence: [expect.stringContaining("the cause lies outside the rules of the nodes")],
		});
		expect(diagnosis.verdict).toBe("broken");
		expect(diagnosis.measurements?.length).toBe(4);
	});

	it("on all nodes is one finding, and makes the NetworkPolicies of the pods suspect", async () => {
		const { findings, diagnosis } = await measured(
			() => "timeout",
			"nodeport-service",
			(objects) => {
				objects.networkPolicies = [{ metadata: { name: "deny", namespace: "default" }, spec: { podSelector: {} } }];
			},
		);
		expect(findings.map(({ finding }) => finding.kind === "probe" && finding.requests)).toEqual([4]);
		expect(diagnosis.findings.map(({ weight, finding }) => `${weight} ${finding.kind}`)).toContain(
			"suspect networkPolicies",
		);
	});

	it("of an endpoint that isn't on an inspected node has no prediction to differ from", async () => {
		const run = (node: string, program: string[]) =>
			program[0] === "iptables-save"
				? { code: 0, stdout: fixture(`${node}.iptables.txt`).replaceAll("10.244.1.10", "10.0.5.3"), stderr: "" }
				: undefined;
		const objects = labObjects();
		const [slice] = objects.endpointSlices as ReturnType<typeof sliceObject>[];
		for (const endpoint of slice?.endpoints ?? [])
			Object.assign(endpoint, { addresses: ["10.0.5.3"], nodeName: undefined });
		const input = await readDiagnosis(new MemorySource(objects, { run }), {
			namespace: "default",
			name: "nodeport-service",
		});
		const prober: Prober = { ...hereAs("198.51.100.7"), probe: async () => ({ observed: "ok" }) };
		expect((await measure(prober, input.views, input.rules.rulesets)).findings).toEqual([]);
	});

	it("of rules that couldn't be read has no prediction to differ from", async () => {
		const run = () => ({ code: -1, stdout: "", stderr: "forbidden" });
		const input = await readDiagnosis(new MemorySource(labObjects(), { run }), {
			namespace: "default",
			name: "nodeport-service",
		});
		const prober: Prober = { ...hereAs("198.51.100.7"), probe: async () => ({ observed: "timeout" }) };
		const { measurements, findings } = await measure(prober, input.views, input.rules.rulesets);
		expect(measurements.every(({ predicted }) => predicted.length === 0)).toBe(true);
		expect(findings).toEqual([]);
	});
});

describe("a TCP connection from this machine", () => {
	const server = createServer();
	afterEach(() => server.close());

	it("is ok if it is accepted, and refused if nothing listens", async () => {
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		const address = server.address();
		const port = typeof address === "object" && address ? address.port : 0;
		const { probe } = hereAs("");
		expect(await probe("127.0.0.1", port)).toEqual({ observed: "ok" });
		await new Promise((resolve) => server.close(resolve));
		expect(await probe("127.0.0.1", port)).toEqual({ observed: "refused" });
	});
});

describe("a request from a pod", () => {
	const container = { namespace: "default", pod: "dnsutils", container: "echo" };
	const place = { network: "pod" as const, node: "nodeport-worker3", ip: "10.244.3.2" };

	/** A pod that has one HTTP client, which ends so. */
	const source = (has: string, code: number, stderr: string, stdout = "") =>
		new MemorySource(labObjects(), {
			run: (_, [program = "", ...args]) => {
				if (program !== has) return { code: 127, stdout: "", stderr: `${program}: not found` };
				return args[0] === "--help" ? { code: 0, stdout: "", stderr: "" } : { code, stdout, stderr };
			},
		});

	const failed = "connect to 10.96.0.1 port 80 failed:";
	it.each<[string, number, string, Outcome, string?]>([
		["curl", 0, "", "ok"],
		["curl", 7, `* ${failed} Connection refused\ncurl: (7) Couldn't connect to server`, "refused", "0.000000"],
		["curl", 7, `* ${failed} No route to host\ncurl: (7) Couldn't connect to server`, "other", "0.000000"],
		["curl", 28, "curl: (28) Operation timed out after 5001 ms with 0 bytes received", "ok", "0,000312"],
		["curl", 137, "", "other"],
		["curl", 2, "curl: option --noproxy: is unknown", "other"],
		["curl", 28, "curl: (28) Connection timed out", "timeout"],
		["curl", 52, "curl: (52) Empty reply from server", "ok", "0.000312"],
		["wget", 0, "", "ok"],
		["wget", 1, "wget: can't connect to remote host (10.0.0.1): Connection refused", "refused"],
		["wget", 1, "wget: download timed out", "timeout"],
		["wget", 4, "Read error (Connection timed out) in headers.", "ok"],
		["wget", 1, "wget: server returned error: HTTP/1.1 404 Not Found", "ok"],
	])("by %s with exit code %i (%s) ended as %s", async (program, code, stderr, observed, stdout) => {
		const prober = await podProber(source(program, code, stderr, stdout), "pod default/dnsutils", container, place);
		expect((await prober.probe("10.96.0.1", 80)).observed).toBe(observed);
	});

	it("isn't possible without an HTTP client", async () => {
		await expect(podProber(source("nothing", 0, ""), "pod default/dnsutils", container, place)).rejects.toThrow(
			"pod default/dnsutils can't send requests: its container has neither curl nor wget, or exec isn't allowed",
		);
	});
});

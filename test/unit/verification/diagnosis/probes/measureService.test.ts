import { describe, expect, it } from "vitest";
import { diagnosisText } from "../../../../../report/diagnosis/diagnosisText.ts";
import { findingWords } from "../../../../../report/diagnosis/findings/diagnosisFindingText.ts";
import { gapTexts } from "../../../../../report/diagnosis/gapText.ts";
import { diagnose } from "../../../../../verification/diagnosis/diagnosis.ts";
import { exampleClients } from "../../../../../verification/diagnosis/prediction/predictedClients.ts";
import { hereAs } from "../../../../../verification/diagnosis/probes/hereProber.ts";
import type { MeasuredOutcome, Prober } from "../../../../../verification/diagnosis/probes/measurement.ts";
import { measure } from "../../../../../verification/diagnosis/probes/measureService.ts";
import { readDiagnosis } from "../../../../../verification/diagnosis/readDiagnosis.ts";
import { fixture } from "../../trace/traceLab.ts";
import { dualStackObjects, dualStackSource } from "../dualStack.ts";
import { labObjects, MemorySource, type Objects, objectNamed, type sliceObject } from "../labObjects.ts";

const worker2 = "172.18.0.9";

const here = hereAs(exampleClients);

/** A client on this machine whose requests end so. */
const ending = (probe: (host: string) => MeasuredOutcome, detail?: string): Prober => ({
	...here,
	sender:
		async () =>
		async ({ host }) => ({ observed: probe(host), ...(detail !== undefined && { detail }) }),
});

async function measured(
	probe: (host: string) => MeasuredOutcome,
	name: string,
	change: (objects: Objects) => void = () => {},
) {
	const objects = labObjects();
	change(objects);
	const input = await readDiagnosis(new MemorySource(objects), { namespace: "default", name });
	const probed = await measure(ending(probe), input.views, input.rules);
	return { ...probed, diagnosis: diagnose({ ...input, probed }) };
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

	it.each([
		["refused", "suspect targetPort", "cause probe"],
		["timeout", "cause probe", "suspect targetPort"],
	] as const)(
		"that ends as %s although no container declares the targetPort: %s comes first",
		async (observed, ...order) => {
			const { diagnosis } = await measured(
				() => observed,
				"nodeport-service",
				(objects) => {
					const pods = objects.pods as { spec: { containers: object[] } }[];
					for (const { spec } of pods)
						spec.containers = [{ name: "echo", ports: [{ containerPort: 9090, protocol: "TCP" }] }];
				},
			);
			expect(diagnosis.findings.map(({ weight, finding }) => `${weight} ${finding.kind}`)).toEqual(order);
			expect(diagnosis.verdict).toBe("broken");
		},
	);

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
		expect(
			(
				await measure(
					ending(() => "ok"),
					input.views,
					input.rules,
				)
			).findings,
		).toEqual([]);
	});

	it("of rules that couldn't be read has no prediction to differ from", async () => {
		const run = () => ({ code: -1, stdout: "", stderr: "forbidden" });
		const input = await readDiagnosis(new MemorySource(labObjects(), { run }), {
			namespace: "default",
			name: "nodeport-service",
		});
		const { measurements, findings } = await measure(
			ending(() => "timeout"),
			input.views,
			input.rules,
		);
		expect(measurements.every(({ predicted }) => predicted.length === 0)).toBe(true);
		expect(findings).toEqual([]);
	});
});

describe("a UDP packet", () => {
	const udp = (objects: Objects) => {
		const { spec } = objectNamed<{ spec: { ports: object[] } }>(objects, "services", "trace-empty");
		spec.ports = spec.ports.map((port) => ({ ...port, protocol: "UDP" }));
	};

	it("that gets no answer proves nothing, and the output says so", async () => {
		const { findings, diagnosis } = await measured(() => "silent", "trace-empty", udp);
		expect(findings).toEqual([]);
		expect(diagnosisText(diagnosis, {}, { color: false })).toContain(
			"Measured: 0 of 0 requests ended as predicted. 4 UDP packets got no answer, which proves nothing.",
		);
	});

	it("that gets an answer although the rules serve nothing is still for a process of the node", async () => {
		expect((await measured(() => "ok", "trace-empty", udp)).findings).toEqual([]);
	});

	it("is a DNS question for port 53, and an empty line for others", async () => {
		const payloads = new Map<number, string>();
		const prober: Prober = {
			...here,
			sender:
				async () =>
				async ({ port, payload }) => {
					payloads.set(port, payload);
					return { observed: "ok" };
				},
		};
		const objects = labObjects();
		const { spec } = objectNamed<{ spec: { ports: object[] } }>(objects, "services", "trace-empty");
		spec.ports = [53, 54].map((port) => ({ name: `p${port}`, protocol: "UDP", port, nodePort: 30000 + port }));
		const { views, rules } = await readDiagnosis(new MemorySource(objects), {
			namespace: "default",
			name: "trace-empty",
		});
		await measure(prober, views, rules);
		expect(payloads.get(30054)).toBe("\n");
		expect(payloads.get(30053)).toHaveLength(17);
	});
});

describe("what can't be measured is a gap", () => {
	const gapsOf = async (prober: Prober, objects = labObjects()) => {
		const { views, rules } = await readDiagnosis(dualStackSource(objects), {
			namespace: "default",
			name: "nodeport-service",
		});
		const { gaps, findings } = await measure(prober, views, rules);
		expect(findings).toEqual([]);
		return gapTexts(gaps);
	};

	it("SCTP", async () => {
		const objects = labObjects();
		const { spec } = objectNamed<{ spec: { ports: object[] } }>(objects, "services", "nodeport-service");
		spec.ports = spec.ports.map((port) => ({ ...port, protocol: "SCTP" }));
		expect(
			await gapsOf(
				ending(() => "ok"),
				objects,
			),
		).toEqual(["requests: no program sends sctp packets and reports the answer; would show the measured results"]);
	});

	it("IPv6 from a machine without it", async () => {
		const prober = ending((host) => (host.includes(":") ? "other" : "ok"), "connect ENETUNREACH fd00:18::8:30040");
		expect(await gapsOf(prober, dualStackObjects("nodeport-service"))).toEqual([
			"IPv6 requests: this machine has no address or no route of this family; would show the measured results",
		]);
	});

	it("a client without a program that sends requests", async () => {
		const prober: Prober = { ...here, sender: async () => undefined, needs: () => ["curl", "wget"] };
		expect(await gapsOf(prober)).toEqual([
			"requests: this machine can't send them: its container has none of curl, wget, or exec isn't allowed; would show the measured results",
		]);
	});
});

import { describe, expect, it } from "vitest";
import { diagnose } from "../../../../verification/diagnosis/diagnosis.ts";
import { parseConntrack } from "../../../../verification/diagnosis/findings/staleConntrack.ts";
import { readDiagnosis } from "../../../../verification/diagnosis/readDiagnosis.ts";
import { labObjects, MemorySource, type Objects, objectNamed, type sliceObject } from "./labObjects.ts";

const worker2 = "nodeport-worker2";

/** @param answer what a program prints on nodeport-worker2 */
async function diagnosisOf(
	answer: (program: string[]) => string | undefined,
	change: (objects: Objects) => void = () => {},
) {
	const objects = labObjects();
	change(objects);
	const run = (node: string, program: string[]) => {
		const stdout = node === worker2 ? answer(program) : undefined;
		return stdout === undefined ? undefined : { code: 0, stdout, stderr: "" };
	};
	return diagnose(
		await readDiagnosis(new MemorySource(objects, { run }), { namespace: "default", name: "nodeport-service" }),
	);
}

describe("UDP connections", () => {
	/** In the format of conntrack 1.4.7. */
	const entry = (destination: string, port: number, from: string) =>
		`udp      17 29 src=198.51.100.7 dst=${destination} sport=40001 dport=${port} src=${from} dst=172.18.0.9 sport=8053 dport=40001 [ASSURED] mark=0 use=1`;

	const withUdp = (objects: Objects) => {
		const { spec } = objectNamed<{ spec: { ports: object[] } }>(objects, "services", "nodeport-service");
		spec.ports.push({ name: "dns", protocol: "UDP", port: 53, targetPort: 8053, nodePort: 30053 });
		const slice = objects.endpointSlices[0] as ReturnType<typeof sliceObject>;
		slice.ports.push({ name: "dns", protocol: "UDP", port: 8053 });
	};

	it.each([
		[
			"to a pod that is gone",
			entry("172.18.0.9", 30053, "10.244.1.99"),
			[{ client: "198.51.100.7", to: "10.244.1.99:8053" }],
		],
		[
			"that nothing translates",
			entry("10.96.132.81", 53, "10.96.132.81"),
			[{ client: "198.51.100.7", to: "10.96.132.81:8053" }],
		],
		["to an endpoint", entry("172.18.0.9", 30053, "10.244.1.10"), []],
		["of another Service with the same port", entry("10.96.0.10", 53, "10.244.0.2"), []],
	])("%s", async (_, line, entries) => {
		const isAsked = (program: string[]) => program[0] === "conntrack" && line.includes(`dport=${program.at(-1)} `);
		const { findings } = await diagnosisOf(
			(program) => (isAsked(program) ? `${line}\n` : program[0] === "conntrack" ? "" : undefined),
			withUdp,
		);
		const stale = findings.flatMap(({ finding }) => (finding.kind === "staleConntrack" ? [finding] : []));
		expect(stale.flatMap((one) => one.entries)).toEqual(entries);
	});

	it("aren't read for a Service without UDP", async () => {
		const asked: string[] = [];
		await diagnosisOf((program) => {
			asked.push(program[0] ?? "");
			return undefined;
		});
		expect(asked).not.toContain("conntrack");
	});

	it("without an answer yet are parsed too, and other lines aren't", () => {
		const text = [
			"udp      17 12 src=10.244.1.5 dst=10.96.0.10 sport=5353 dport=53 [UNREPLIED] src=10.244.0.2 dst=10.244.1.5 sport=53 dport=5353 mark=0 use=1",
			"conntrack v1.4.7 (conntrack-tools): 1 flow entries have been shown.",
		].join("\n");
		expect(parseConntrack(text)).toEqual([
			{ client: "10.244.1.5", destination: "10.96.0.10", destinationPort: 53, to: "10.244.0.2:53" },
		]);
	});
});

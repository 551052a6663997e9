import { describe, expect, it } from "vitest";
import { findingWords } from "../../../../../report/diagnosis/findings/diagnosisFindingText.ts";
import { parseListeners } from "../../../../../verification/diagnosis/findings/listening.ts";
import { readListeners } from "../../../../../verification/diagnosis/probes/readListeners.ts";
import { readDiagnosis } from "../../../../../verification/diagnosis/readDiagnosis.ts";
import { dualStackObjects, dualStackSource } from "../dualStack.ts";
import { labObjects, MemorySource, type Objects, objectNamed, type sliceObject } from "../labObjects.ts";

/** In the format of Linux 6.18, shortened: sl, local_address, rem_address, st, and fields that aren't used. */
const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
const socket = (local: string, state: string, remote = "00000000:0000") =>
	`   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 12345 1 0000000000000000 100 0 0 10 0`;

const [any, loopback] = ["00000000", "0100007F"];
const [any6, loopback6] = ["0".repeat(32), "00000000000000000000000001000000"];
const [echo, web] = ["1F90", "0050"];

it.each([
	["all addresses", socket(`${any}:${echo}`, "0A"), [{ port: 8080, loopback: false, family: "ipv4" }]],
	[
		"all IPv6 addresses",
		socket(`${any6}:${echo}`, "0A", `${any6}:0000`),
		[{ port: 8080, loopback: false, family: "ipv6" }],
	],
	["the loopback address", socket(`${loopback}:${echo}`, "0A"), [{ port: 8080, loopback: true, family: "ipv4" }]],
	[
		"the IPv6 loopback address",
		socket(`${loopback6}:${echo}`, "0A", `${any6}:0000`),
		[{ port: 8080, loopback: true, family: "ipv6" }],
	],
	[
		"an IPv4 loopback address as IPv6 writes it",
		socket(`0000000000000000FFFF00000100007F:${echo}`, "0A", `${any6}:0000`),
		[{ port: 8080, loopback: true, family: "ipv6" }],
	],
	["an established connection", socket(`${any}:${echo}`, "01"), []],
	["the header", head, []],
])("reads a socket on %s", (_, line, listeners) => {
	expect(parseListeners(`${line}\n`, "tcp")).toEqual(listeners);
});

it("reads waiting UDP sockets", () => {
	expect(parseListeners(socket(`${any}:0035`, "07"), "udp")).toEqual([{ port: 53, loopback: false, family: "ipv4" }]);
	expect(parseListeners(socket(`${any}:0035`, "07"), "tcp")).toEqual([]);
});

describe("an endpoint's pod", () => {
	async function listening(
		answer: { code: number; stdout: string; stderr: string },
		change: (objects: Objects) => void = () => {},
	) {
		const run = (_: string, program: string[]) => (program[1]?.startsWith("/proc/net/") ? answer : undefined);
		const objects = labObjects();
		change(objects);
		const source = new MemorySource(objects, { run });
		const input = await readDiagnosis(source, { namespace: "default", name: "nodeport-service" });
		return readListeners(source, input);
	}
	const printed = (...sockets: string[]) => ({ code: 0, stdout: [head, ...sockets, ""].join("\n"), stderr: "" });

	it("that listens isn't a finding, also without IPv6", async () => {
		const answer = { ...printed(socket(`${any}:${echo}`, "0A")), code: 1, stderr: "cat: /proc/net/tcp6: No such file" };
		expect(await listening(answer)).toEqual({ findings: [], gaps: [] });
	});

	it.each([
		["on another port", [socket(`${any}:${web}`, "0A")], { loopbackOnly: false, listening: [80] }],
		["on its loopback address", [socket(`${loopback}:${echo}`, "0A")], { loopbackOnly: true, listening: [] }],
		["on nothing", [], { loopbackOnly: false, listening: [] }],
	])("that listens %s is a cause", async (_, sockets, finding) => {
		const { findings } = await listening(printed(...sockets));
		expect(findings).toMatchObject([{ weight: "cause", finding: { kind: "notListening", port: 8080, ...finding } }]);
	});

	it("that a service mesh redirects is only suspect", async () => {
		const { findings } = await listening(printed(), (objects) => {
			const { spec } = objectNamed(objects, "pods", "app1-6666c77bf5-p5nfg");
			spec.containers = [{ name: "echo" }, { name: "istio-proxy" }];
		});
		expect(findings).toMatchObject([{ weight: "suspect", finding: { kind: "notListening" } }]);
	});

	it("that is being deleted isn't read while another one is ready", async () => {
		const read: string[] = [];
		const run = (pod: string) => {
			read.push(pod);
			return printed(socket(`${any}:${echo}`, "0A"));
		};
		const objects = labObjects();
		const [slice] = objects.endpointSlices as ReturnType<typeof sliceObject>[];
		const old = { ready: false, serving: true, terminating: true };
		const [first] = slice?.endpoints ?? [];
		if (!slice || !first) throw new Error("no endpoint");
		slice.endpoints = [{ ...first, targetRef: { kind: "Pod", name: "dnsutils" }, conditions: old }, first];
		const input = await readDiagnosis(new MemorySource(objects), { namespace: "default", name: "nodeport-service" });
		await readListeners(new MemorySource(objects, { run }), input);
		expect(read).toEqual([first.targetRef.name]);
	});

	it.each([
		[{ code: 127, stdout: "", stderr: "cat: not found" }, "failed"],
		[
			{ code: -1, stdout: "", stderr: 'Internal error occurred: exec: "cat": executable file not found in $PATH' },
			"noProgram",
		],
		[{ code: -1, stdout: "", stderr: "Unexpected server response: 403" }, "forbidden"],
	])("that can't be asked narrows the answer: %j", async (answer, kind) => {
		const { findings, gaps } = await listening(answer);
		expect({ findings, gaps }).toMatchObject({ findings: [], gaps: [{ subject: "listeners", cause: { kind } }] });
	});
});

it("finds a pod of a dual-stack Service that listens over IPv4 only", async () => {
	const input = await readDiagnosis(dualStackSource(dualStackObjects("nodeport-service")), {
		namespace: "default",
		name: "nodeport-service",
	});
	const run = () => ({ code: 0, stdout: `${head}\n${socket(`${any}:${echo}`, "0A")}\n${head}\n`, stderr: "" });
	const { findings } = await readListeners(new MemorySource(labObjects(), { run }), input);
	expect(findings).toMatchObject([
		{ weight: "cause", finding: { kind: "notListening", family: "ipv6", listening: [] } },
	]);
	const [first] = findings;
	expect(first && findingWords(first.finding).title).toBe(
		"nothing listens on 8080/tcp over IPv6 in pod app1-6666c77bf5-p5nfg",
	);
});

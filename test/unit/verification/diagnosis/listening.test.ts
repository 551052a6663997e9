import { describe, expect, it } from "vitest";
import { parseListeners } from "../../../../verification/diagnosis/findings/listening.ts";
import { readDiagnosis } from "../../../../verification/diagnosis/readDiagnosis.ts";
import { readListeners } from "../../../../verification/diagnosis/readListeners.ts";
import { labObjects, MemorySource } from "./labObjects.ts";

/** In the format of Linux 6.18, shortened: sl, local_address, rem_address, st, and fields that aren't used. */
const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
const socket = (local: string, state: string, remote = "00000000:0000") =>
	`   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 12345 1 0000000000000000 100 0 0 10 0`;

const [any, loopback] = ["00000000", "0100007F"];
const [any6, loopback6] = ["0".repeat(32), "00000000000000000000000001000000"];
const [echo, web] = ["1F90", "0050"];

it.each([
	["all addresses", socket(`${any}:${echo}`, "0A"), [{ port: 8080, loopback: false }]],
	["all IPv6 addresses", socket(`${any6}:${echo}`, "0A", `${any6}:0000`), [{ port: 8080, loopback: false }]],
	["the loopback address", socket(`${loopback}:${echo}`, "0A"), [{ port: 8080, loopback: true }]],
	["the IPv6 loopback address", socket(`${loopback6}:${echo}`, "0A", `${any6}:0000`), [{ port: 8080, loopback: true }]],
	["an established connection", socket(`${any}:${echo}`, "01"), []],
	["the header", head, []],
])("reads a socket on %s", (_, line, listeners) => {
	expect(parseListeners(`${line}\n`, "tcp")).toEqual(listeners);
});

it("reads waiting UDP sockets", () => {
	expect(parseListeners(socket(`${any}:0035`, "07"), "udp")).toEqual([{ port: 53, loopback: false }]);
	expect(parseListeners(socket(`${any}:0035`, "07"), "tcp")).toEqual([]);
});

describe("an endpoint's pod", () => {
	async function listening(answer: { code: number; stdout: string; stderr: string }) {
		const run = (_: string, program: string[]) => (program[1]?.startsWith("/proc/net/") ? answer : undefined);
		const source = new MemorySource(labObjects(), { run });
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

	it.each([
		[{ code: 127, stdout: "", stderr: "cat: not found" }, "unsupported"],
		[{ code: -1, stdout: "", stderr: "Unexpected server response: 403" }, "forbidden"],
	])("that can't be asked narrows the answer: %j", async (answer, reason) => {
		const { findings, gaps } = await listening(answer);
		expect({ findings, gaps }).toMatchObject({ findings: [], gaps: [{ subject: "listeners", reason }] });
	});
});

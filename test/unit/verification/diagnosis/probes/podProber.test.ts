import { createSocket } from "node:dgram";
import { once } from "node:events";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import type { MeasuredOutcome, ProbeRequest } from "../../../../../verification/diagnosis/probes/measurement.ts";
import { podProber } from "../../../../../verification/diagnosis/probes/podProber.ts";
import type { Outcome } from "../../../../../verification/model.ts";
import { labObjects, MemorySource, podObject } from "../labObjects.ts";

const pod = podObject("dnsutils", "nodeport-worker3", "10.244.3.2", {});
const request: ProbeRequest = { protocol: "tcp", host: "10.96.0.1", port: 80, payload: "\n" };

describe("a request from a pod", () => {
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
		const prober = podProber(source(program, code, stderr, stdout), pod);
		expect((await (await prober.sender("tcp"))?.(request))?.observed).toBe(observed);
	});

	it("isn't possible without an HTTP client, which is named", async () => {
		const prober = podProber(source("nothing", 0, ""), pod);
		expect(prober.name).toBe("pod default/dnsutils");
		expect(await prober.sender("tcp")).toBeUndefined();
		expect(prober.needs("tcp")).toEqual(["curl", "wget"]);
	});
});

describe("a UDP packet from a pod", () => {
	/** A pod whose programs are those of this machine, or only some of them. */
	const here = (isThere: (program: string) => boolean) =>
		new MemorySource(labObjects(), {
			run: () => undefined,
			runHere: async ([program = "", ...args]) => {
				if (!isThere(program)) return { code: 127, stdout: "", stderr: `${program}: not found` };
				const { exitCode = -1, stdout, stderr } = await execa(program, args, { reject: false });
				return { code: exitCode, stdout, stderr };
			},
		});

	async function sent(answer: string | undefined, isOpen = true) {
		const server = createSocket("udp4");
		server.on("message", (_, from) => answer !== undefined && server.send(answer, from.port, from.address));
		server.bind(0, "127.0.0.1");
		await once(server, "listening");
		const { port } = server.address();
		if (!isOpen) server.close();
		const send = await podProber(
			here((program) => program === "bash"),
			pod,
		).sender("udp");
		const result = await send?.({ protocol: "udp", host: "127.0.0.1", port, payload: "\x12\x34'\n" });
		if (isOpen) server.close();
		return result?.observed;
	}

	it("by bash is ok with an answer, refused by an ICMP error, and else silent", async () => {
		expect(await sent("\0binary")).toBe("ok");
		expect(await sent("text", false)).toBe("refused");
		expect(await sent(undefined)).toBe("silent");
	});

	it.each<[string, number, string, string, MeasuredOutcome]>([
		["socat", 0, "x", "", "ok"],
		["socat", 1, "", "socat[7] E read(5, 0x55, 8192): Connection refused", "refused"],
		["nc", 1, "", "", "silent"],
	])("by %s with exit code %i and the output %j is read", async (program, code, stdout, stderr, observed) => {
		const source = new MemorySource(labObjects(), {
			run: (_, words) => {
				if (words[0] === "bash") return { code: 127, stdout: "", stderr: "" };
				const isCheck = words[0] === "socat" || words.at(-1) === "command -v nc";
				if (isCheck) return { code: words.join(" ").includes(program) ? 0 : 127, stdout: "", stderr: "" };
				return words.at(-1)?.includes(` ${program} `) ? { code, stdout, stderr } : undefined;
			},
		});
		const send = await podProber(source, pod).sender("udp");
		expect((await send?.({ ...request, protocol: "udp" }))?.observed).toBe(observed);
	});
});

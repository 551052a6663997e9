import { describe, expect, it } from "vitest";
import type { Ran } from "../../../kubernetes/exec.ts";
import type { Cluster } from "../../../kubernetes/liveCluster.ts";
import type { Expected, Observed, Outcome } from "../../../verification/model.ts";
import {
	agrees,
	type MeasuredRequest,
	observe,
	repeatTimeouts,
	type Sent,
	sendRequest,
} from "../../../verification/probe.ts";

import { sampleView } from "./sampleSnapshot.ts";

const body =
	'{"message":"NODE: a, POD IP:10.0.0.1","node":"a","podIp":"10.0.0.1","clientIp":"10.0.0.2","clientPort":5}';

describe("observe", () => {
	it("takes node, pod and client address from the echo's answer", () => {
		expect(observe({ code: 0, stdout: `${body}\n`, stderr: "" }, 1.6)).toEqual({
			outcome: "ok",
			body,
			node: "a",
			podIp: "10.0.0.1",
			clientIp: "10.0.0.2",
			milliseconds: 2,
		});
	});

	it.each([
		[6, "curl: (6) Could not resolve host: x", "dns"],
		[7, "curl: (7) Failed to connect to x port 1: Connection refused", "refused"],
		[7, "curl: (7) Failed to connect to x port 1: No route to host", "other"],
		[22, "curl: (22) The requested URL returned error: 404", "http"],
		[28, "curl: (28) Connection timed out after 3001 milliseconds", "timeout"],
		[-1, "no answer from pod default/dnsutils within 10 s", "other"],
	] as const)("calls exit code %i with %j %s, and keeps what was said", (code, stderr, outcome) => {
		expect(observe({ code, stdout: "", stderr }, 0)).toEqual({ outcome, body: stderr, milliseconds: 0 });
	});

	it("finds the reason in curl's verbose output", () => {
		const stderr = [
			"*   Trying 172.18.0.7:30999...",
			"* connect to 172.18.0.7 port 30999 failed: Connection refused",
			"* Closing connection 0",
			"curl: (7) Failed to connect to 172.18.0.7 port 30999 after 0 ms: Couldn't connect to server",
		].join("\n");
		expect(observe({ code: 7, stdout: "", stderr }, 0)).toMatchObject({
			outcome: "refused",
			body: expect.stringMatching(/^connect to .* failed: Connection refused\ncurl: \(7\)/),
		});
	});

	it.each(["<html>", "{}", ""])("does not take %j for the echo's answer", (stdout) => {
		expect(observe({ code: 0, stdout, stderr: "" }, 0)).toEqual({ outcome: "other", body: stdout, milliseconds: 0 });
	});
});

describe("agrees", () => {
	const expected: Expected = { outcome: "ok", nodes: ["a"], podIps: ["10.0.0.1"], clientIp: "10.0.0.2" };
	const observed: Observed = { outcome: "ok", node: "a", podIp: "10.0.0.1", clientIp: "10.0.0.2" };

	it("is true for an expected result", () => {
		expect(agrees(expected, observed)).toBe(true);
	});

	it.each([
		["outcome", { outcome: "timeout" }],
		["node", { node: "b" }],
		["pod", { podIp: "10.0.0.9" }],
		["client address", { clientIp: "10.0.0.9" }],
	] as const)("is not satisfied by another %s", (_, changed) => {
		expect(agrees(expected, { ...observed, ...changed })).toBe(false);
	});

	it("doesn't check an answer if none is expected", () => {
		expect(agrees({ outcome: "timeout" }, { outcome: "timeout", body: "timed out" })).toBe(true);
	});
});

describe("sendRequest", () => {
	const none: Ran = { code: -1, stdout: "", stderr: "no answer from pod default/dnsutils within 10 s" };
	const timeout: Ran = { code: 28, stdout: "", stderr: "curl: (28) Connection timed out" };

	/** @returns the outcome, and the time limit of each attempt */
	async function send(...results: Ran[]): Promise<[string, number[]]> {
		const limits: number[] = [];
		const run = async (_runner: unknown, _program: string[], seconds: number) => {
			limits.push(seconds);
			return results[limits.length - 1] ?? expect.fail("one attempt too many");
		};
		const client = { name: "c", place: { network: "outside" as const }, run: { spawn: [] }, get: ["curl"] };
		const { observed } = await sendRequest({ run } as Partial<Cluster> as Cluster, sampleView(), client, "10.0.0.1:80");
		return [observed.outcome, limits];
	}

	it.each([
		["takes the first result", [timeout], "timeout", [10]],
		["tries again with more time if there is no result", [none, { code: 0, stdout: body, stderr: "" }], "ok", [10, 30]],
		["gives up after the second attempt", [none, none], "other", [10, 30]],
	] as const)("%s", async (_, results, outcome, limits) => {
		expect(await send(...results)).toEqual([outcome, limits]);
	});
});

describe("repeatTimeouts", () => {
	it("sends again what the kubelet couldn't run, without calling it a timeout", async () => {
		const unsent = { ...result("ok", "other"), unsent: true as const };
		const again = result("ok", "ok");
		const answer = await repeatTimeouts([{ measured: unsent, send: async () => again }]);
		expect(answer).toEqual({ requests: [again], repeated: 0 });
	});

	const result = (expected: Outcome, observed: Outcome) =>
		({
			cell: { expected: { outcome: expected }, observed: { outcome: observed } },
		}) as Partial<MeasuredRequest> as MeasuredRequest;
	const sent = (expected: Outcome, first: Outcome, second?: Outcome): Sent => ({
		measured: result(expected, first),
		send: async () => (second ? result(expected, second) : expect.fail("sent again")),
	});
	const outcomes = async (all: Sent[]) => {
		const { requests, repeated } = await repeatTimeouts(all);
		return [requests.map(({ cell }) => cell.observed.outcome), repeated];
	};

	it.each([
		["sends a request again that timed out against expectation", [sent("ok", "timeout", "ok")], ["ok"], 1],
		["counts only those that end otherwise then", [sent("ok", "timeout", "timeout")], ["timeout"], 0],
		["sends no expected timeout again", [sent("timeout", "timeout")], ["timeout"], 0],
		["sends no other failure again", [sent("ok", "refused"), sent("ok", "ok")], ["refused", "ok"], 0],
	])("%s", async (_, all, expected, repeated) => {
		expect(await outcomes(all)).toEqual([expected, repeated]);
	});

	it("sends none again if many timed out, which isn't chance", async () => {
		const all = Array.from({ length: 9 }, () => sent("ok", "timeout"));
		expect(await outcomes(all)).toEqual([Array(9).fill("timeout"), 0]);
	});
});

import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { parseRequest } from "../../../lib/stdinRequest.ts";
import { Request } from "../../../verification/request.ts";

const good = {
	kubeconfig: ".kube/nodeport.yaml",
	service: { namespace: "default", name: "nodeport-service" },
	echo: { deployment: "app1", replicas: 1, nodes: [] },
	clients: [{ name: "dnsutils", run: { spawn: ["true"] }, get: ["curl"] }],
	connectivity: "base",
	report: "out/verification.json",
};
const client = good.clients[0];
const parse = (request: unknown) => parseRequest(Request, JSON.stringify(request));

describe("a request", () => {
	it("is taken with what follows from nothing else", () => {
		expect(parse(good)).toEqual({ ...good, waitSeconds: 120, revisions: {} });
	});

	it.each([
		["", "must be one JSON object, got nothing"],
		["  \n", "must be one JSON object, got nothing"],
		["{", "must be one JSON object, got Expected property name"],
		["<html>", "must be one JSON object, got Unexpected token"],
	])("that is no JSON is refused: %j", (text, message) => {
		expect(() => parseRequest(Request, text)).toThrow(`the request on stdin ${message}`);
	});

	it.each([
		["of another type", [], ["got [], allowed: an object"]],
		["of no type", null, ["got null, allowed: an object"]],
		[
			"that misses everything",
			{},
			[
				"kubeconfig: got nothing, allowed: a path",
				"service: got nothing, allowed: an object",
				"echo: got nothing, allowed: an object",
				"clients: got nothing, allowed: a list",
				"connectivity: got nothing, allowed: base or full",
				"report: got nothing, allowed: text",
			],
		],
		[
			"with two faults",
			{ ...good, connectivity: "all", report: 7 },
			['connectivity: got "all", allowed: base or full', "report: got 7, allowed: text"],
		],
		[
			"with a field that there is not",
			{ ...good, colour: "red", echo: { ...good.echo, size: 1 } },
			[
				"echo.size: got 1, allowed: no such field; there are deployment, replicas, nodes",
				'colour: got "red", allowed: no such field; there are kubeconfig, context, service, echo, clients, connectivity, ' +
					"report, nodeRunners, existing, waitSeconds, revisions",
			],
		],
		[
			"with numbers that are none",
			{ ...good, echo: { ...good.echo, replicas: 1.5 }, waitSeconds: "120" },
			["echo.replicas: got 1.5, allowed: a whole number", 'waitSeconds: got "120", allowed: a number'],
		],
		["without a client", { ...good, clients: [] }, ["clients: got [], allowed: at least 1 of them"]],
		[
			"whose second client cannot be run",
			{ ...good, clients: [client, { ...client, run: {} }] },
			['clients[1].run: got {}, allowed: {"exec": {"namespace", "pod", "container"}} or {"spawn": [program,'],
		],
		[
			"with a group of clients that are named after what there is not",
			{
				...good,
				clients: [{ each: { namespace: "default", labels: { app: 1 }, container: "c" }, named: "me", get: [] }],
			},
			[
				"clients[0].each.labels.app: got 1, allowed: text",
				'clients[0].named: got "me", allowed: pod or node',
				"clients[0].get: got [], allowed: at least 1 of them",
			],
		],
	])("%s is refused with every fault", (_, request, lines) => {
		const count = lines.length === 1 ? "a fault" : `${lines.length} faults`;
		expect(() => parse(request)).toThrow(`the request on stdin has ${count}; nothing was done:`);
		for (const line of lines) expect(() => parse(request)).toThrow(`\n  ${line}`);
	});

	it("with a kubeconfig's text, which belongs in its file, is refused without showing it", () => {
		const text = `apiVersion: v1\nkind: Config\nusers:\n- name: a\n  user:\n    client-key-data: ${"c2VjcmV0".repeat(20)}`;
		expect(() => parse({ ...good, kubeconfig: text })).toThrow(/^ {2}kubeconfig: got "apiVersion.*allowed: a path$/m);
		expect(() => parse({ ...good, kubeconfig: text })).not.toThrow("c2VjcmV0c2VjcmV0");
	});
});

it.each([
	["verification/verificationProgram.ts", []],
	["kind/kindProgram.ts", ["create"]],
])("%s ends with 1, says all on stderr, nothing on stdout, and shows no stack", async (module, args) => {
	for (const input of ["", '{"id": 1}']) {
		const program = ["lib/program.mjs", module, ...args];
		const { exitCode, stdout, stderr } = await execa("node", program, { input, reject: false });
		expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
		expect(stderr).toMatch(/^error: the request on stdin /);
		expect(stderr).not.toMatch(/^ +at /m);
	}
});

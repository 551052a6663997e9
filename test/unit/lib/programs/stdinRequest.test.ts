import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { parseRequest } from "../../../../lib/programs/stdinRequest.ts";
import { Request } from "../../../../verification/request.ts";

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
	it("is accepted, with defaults for what it leaves out", () => {
		expect(parse(good)).toEqual({ ...good, waitSeconds: 120, revisions: {} });
	});

	it.each([
		["", "must be one JSON object, got nothing"],
		["  \n", "must be one JSON object, got nothing"],
		["{", "must be one JSON object, got Expected property name"],
		["<html>", "must be one JSON object, got Unexpected token"],
	])("that isn't JSON is refused: %j", (text, message) => {
		expect(() => parseRequest(Request, text)).toThrow(`the request on stdin ${message}`);
	});

	it.each([
		["of the wrong type", [], ["got [], allowed: an object"]],
		["that is null", null, ["got null, allowed: an object"]],
		[
			"without any field",
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
			"with two errors",
			{ ...good, connectivity: "all", report: 7 },
			['connectivity: got "all", allowed: base or full', "report: got 7, allowed: text"],
		],
		[
			"with unknown fields",
			{ ...good, colour: "red", echo: { ...good.echo, size: 1 } },
			[
				"echo.size: got 1, allowed: no such field; the fields are deployment, replicas, nodes",
				'colour: got "red", allowed: no such field; the fields are kubeconfig, context, service, echo, clients, connectivity, ' +
					"report, nodeRunners, existing, waitSeconds, revisions",
			],
		],
		[
			"with values that aren't numbers",
			{ ...good, echo: { ...good.echo, replicas: 1.5 }, waitSeconds: "120" },
			["echo.replicas: got 1.5, allowed: a whole number", 'waitSeconds: got "120", allowed: a number'],
		],
		["without a client", { ...good, clients: [] }, ["clients: got [], allowed: at least 1 of them"]],
		[
			"whose second client has no way to run programs",
			{ ...good, clients: [client, { ...client, run: {} }] },
			['clients[1].run: got {}, allowed: {"exec": {"namespace", "pod", "container"}} or {"spawn": [program,'],
		],
		[
			"with a group of clients with an unknown naming",
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
	])("%s is refused with every error", (_, request, lines) => {
		const count = lines.length === 1 ? "1 error" : `${lines.length} errors`;
		expect(() => parse(request)).toThrow(`the request on stdin has ${count}; nothing was changed:`);
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
])("%s exits with 1, prints only to stderr, and shows no stack", async (module, args) => {
	for (const input of ["", '{"id": 1}']) {
		const program = ["lib/program.mjs", module, ...args];
		const { exitCode, stdout, stderr } = await execa("node", program, { input, reject: false });
		expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
		expect(stderr).toMatch(/^error: the request on stdin /);
		expect(stderr).not.toMatch(/^ +at /m);
	}
});

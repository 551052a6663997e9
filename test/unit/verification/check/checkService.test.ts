import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkFailureText, checkFindings } from "../../../../report/diagnosis/checkText.ts";
import { CheckRequest } from "../../../../verification/check/checkRequest.ts";
import { checkService } from "../../../../verification/check/checkService.ts";
import { labObjects, MemorySource, type Objects, objectNamed, type sliceObject } from "../diagnosis/labObjects.ts";

const requestOf = (name: string, more: object) =>
	CheckRequest.parse({ service: { namespace: "default", name }, waitSeconds: 0, ...more });

async function checked(name: string, more: object, change: (objects: Objects) => void = () => {}) {
	const objects = labObjects();
	change(objects);
	const request = requestOf(name, more);
	const result = await checkService(new MemorySource(objects), request, { interval: 1, settling: 0 });
	return { ...result, text: checkFailureText(result, request) };
}

describe("from the nodes, predicted", () => {
	it("every node reaches a pod through every node", async () => {
		const { ok, requests } = await checked("nodeport-service", { from: ["nodes"] });
		expect(ok).toBe(true);
		expect(requests.length).toBe(16);
		expect(new Set(requests.map(({ how, observed }) => `${how} ${observed}`))).toEqual(new Set(["predicted ok"]));
	});

	it("with externalTrafficPolicy Local, only nodes with an endpoint must answer", async () => {
		const { ok, requests } = await checked("trace-local", { from: ["nodes"] });
		expect(ok).toBe(true);
		expect(new Set(requests.map(({ node }) => node))).toEqual(new Set(["nodeport-worker", "nodeport-worker3"]));
	});

	it("a Service without endpoints fails, with the finding that explains it", async () => {
		const { ok, text } = await checked("trace-empty", { from: ["nodes"] });
		expect(ok).toBe(false);
		expect(text).toMatch(/^NodePort default\/trace-empty doesn't answer as expected: 16 of 16 requests failed/);
		expect(text).toContain(
			"  node nodeport-control-plane -> 172.18.0.7:30044 (nodeport-control-plane): refused, predicted from",
		);
		expect(text).toContain("  and 11 more");
		expect(text).toContain("1. The selector app=nothing matches no pod.");
	});

	it("rules that can't be read don't count as an answer", async () => {
		const run = () => ({ code: -1, stdout: "", stderr: "exec is forbidden" });
		const request = requestOf("nodeport-service", { from: ["nodes"] });
		const result = await checkService(new MemorySource(labObjects(), { run }), request, { interval: 1, settling: 0 });
		expect(result.ok).toBe(false);
		expect(new Set(result.requests.map(({ observed }) => observed))).toEqual(new Set(["unknown"]));
		expect(checkFailureText(result, request)).toMatch(/No cause was found\.\nNot checked:\n- rules of .*pods\/exec/);
	});
});

describe("an API server that doesn't answer", () => {
	/** Its first reads fail. */
	class RestartingSource extends MemorySource {
		failures = 2;
		override about() {
			return this.failures-- > 0 ? Promise.reject(new Error("the API server doesn't answer")) : super.about();
		}
	}
	const check = (waitSeconds: number) =>
		checkService(new RestartingSource(labObjects()), requestOf("nodeport-service", { from: ["nodes"], waitSeconds }), {
			interval: 1,
			settling: 0,
		});

	it("is asked again while there is time", async () => {
		expect((await check(60)).ok).toBe(true);
	});

	it("is the error after that", async () => {
		await expect(check(0)).rejects.toThrow("the API server doesn't answer");
	});
});

describe("from outside, measured", () => {
	let server: Server;
	let address: string;
	const asked: (string | undefined)[] = [];
	beforeEach(async () => {
		server = createServer((request, response) => {
			asked.push(request.url);
			response.writeHead(request.url === "/missing" ? 404 : 200).end();
		});
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
	});
	afterEach(() => {
		server.closeAllConnections();
		server.close();
	});

	const outside = (more: object) => checked("nodeport-service", { from: ["outside"], addresses: [address], ...more });

	it("a TCP connection is enough without a status", async () => {
		const { ok, requests } = await outside({});
		expect(ok).toBe(true);
		expect(requests).toEqual([{ client: "this machine", address, how: "measured", ok: true, observed: "ok" }]);
	});

	it("an HTTP request must get the status, on the path", async () => {
		expect(await outside({ status: 200, path: "/healthz" })).toMatchObject({ ok: true, requests: [{ status: 200 }] });
		expect(asked.at(-1)).toBe("/healthz");
		const { ok, text } = await outside({ status: 200, path: "/missing" });
		expect(ok).toBe(false);
		expect(text).toContain(`  this machine -> ${address}: status 404; expected status 200`);
	});

	it("a refused connection fails, with a finding if the Service explains it", async () => {
		server.close();
		const { ok, text } = await checked("nodeport-service", { from: ["outside"], addresses: [address] }, (objects) => {
			const { spec } = objectNamed(objects, "services", "nodeport-service");
			spec.ports = [{ name: "echo", protocol: "TCP", port: 8080, targetPort: 9999, nodePort: 30040 }];
		});
		expect(ok).toBe(false);
		expect(text).toContain(`this machine -> ${address}: refused; expected ok`);
		expect(text).toContain("no container declares targetPort 9999/tcp");
	});

	it("repeats the requests until they are answered", async () => {
		const { port } = server.address() as AddressInfo;
		await new Promise((resolve) => server.close(resolve));
		const request = requestOf("nodeport-service", { from: ["outside"], addresses: [address], waitSeconds: 20 });
		const checking = checkService(new MemorySource(labObjects()), request, { interval: 20 });
		setTimeout(() => server.listen(port, "127.0.0.1"), 100);
		expect((await checking).ok).toBe(true);
	});
});

it.each([
	[
		"a port that the Service doesn't have",
		{ port: "metrics" },
		'port: got "metrics", allowed: a port of Service default/nodeport-service (echo)',
	],
	["an address without a port", { addresses: ["127.0.0.1"] }, 'addresses: got "127.0.0.1", allowed: <host>:<port>'],
	[
		"a probe pod that doesn't exist",
		{ probePod: { namespace: "default", name: "none" } },
		"probePod: pod default/none: not found",
	],
	[
		"a probe pod without a client",
		{ probePod: { namespace: "default", name: "dnsutils" } },
		"probePod: pod default/dnsutils has none of curl, wget",
	],
])("refuses %s", async (_, more, message) => {
	await expect(checked("nodeport-service", { from: ["outside"], addresses: ["127.0.0.1:1"], ...more })).rejects.toThrow(
		message,
	);
});

it("refuses a Service without a nodePort, with the fix", async () => {
	const check = checked("nodeport-service", { from: ["nodes"] }, (objects) => {
		const { spec } = objectNamed(objects, "services", "nodeport-service");
		Object.assign(spec, { type: "ClusterIP", ports: [{ name: "echo", protocol: "TCP", port: 8080 }] });
	});
	await expect(check).rejects.toThrow('has no nodePort (type ClusterIP); fix: type: "NodePort" in its spec');
});

/** A live cluster whose EndpointSlice is older than the rules in the first reading. */
class ChangingSource extends MemorySource {
	readings = 0;

	refresh(): void {
		const name = "nodeport-service-abcde";
		const slice = objectNamed<ReturnType<typeof sliceObject>>(this.objects, "endpointSlices", name);
		const ip = this.readings++ === 0 ? "10.244.1.9" : "10.244.1.10";
		for (const endpoint of slice.endpoints) endpoint.addresses = [ip];
	}
}

it("doesn't report rules that a moment later follow the endpoints", async () => {
	const source = new ChangingSource(labObjects());
	const request = requestOf("nodeport-service", { from: ["outside"], addresses: ["127.0.0.1:1"] });
	const { ok, diagnosis } = await checkService(source, request, { interval: 1, settling: 0 });
	expect({ ok, readings: source.readings, findings: diagnosis.findings }).toEqual({
		ok: false,
		readings: 2,
		findings: [],
	});
});

it("keeps findings that don't stop requests, in words", async () => {
	const { ok, diagnosis } = await checked("trace-local", { from: ["nodes"] });
	expect(ok).toBe(true);
	expect(checkFindings(diagnosis, {})).toMatchObject([
		{
			kind: "localWithoutPod",
			title: expect.stringContaining("externalTrafficPolicy is Local"),
			fix: expect.any(String),
		},
	]);
});

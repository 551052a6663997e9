import { expect, it } from "vitest";
import type { Ran } from "../../../../../kubernetes/exec.ts";
import type { Cluster } from "../../../../../kubernetes/liveCluster.ts";
import { LabSnapshot } from "../../../../../verification/experiments/support/labSnapshot.ts";
import { measureRequest } from "../../../../../verification/experiments/support/measurements.ts";
import { dnsutils, rulesets, snapshots } from "../../trace/traceLab.ts";

const rules = await rulesets();
const outside = { name: "outside", run: { spawn: ["true"] }, get: ["curl"] };
const objects = {
	...snapshots["nodeport-service"],
	clients: [
		{ ...outside, name: "dnsutils", place: dnsutils },
		{ ...outside, place: { network: "outside" as const, ip: "172.18.0.20" } },
	],
};

/** The captured lab, where every program has this result. */
const labWith = (ran: Partial<Ran>) => {
	const cluster = { run: async () => ({ code: 0, stdout: "", stderr: "", ...ran }) } as unknown as Cluster;
	return new LabSnapshot(cluster, objects, rules);
};

const body = '{"message":"m","node":"nodeport-worker","podIp":"10.244.1.10","clientIp":"172.18.0.9","clientPort":1}';
const worker2 = objects.nodes[2] ?? expect.fail("the lab has three nodes");
const url = `${worker2.internalIp}:30040`;

it("compares a request with the prediction from the rules, and records the journey", async () => {
	const snapshot = labWith({ stdout: body });
	const answer = { outcome: "ok", podIp: "10.244.1.10", node: "nodeport-worker", clientIp: "172.18.0.9" };
	expect(await measureRequest(snapshot, snapshot.outside, worker2, { policy: "Cluster" })).toEqual({
		subject: { kind: "request", client: "outside", node: "nodeport-worker2", address: url, policy: "Cluster" },
		expected: { kind: "results", results: [answer] },
		measured: { kind: "results", results: [answer] },
		ok: true,
		observed: expect.objectContaining({ podIp: "10.244.1.10" }),
		journey: expect.toSatisfy((journey) => JSON.stringify(journey).includes("KUBE-SEP-")),
	});
	const silent = labWith({ code: 28 });
	expect(await measureRequest(silent, silent.outside, worker2)).toMatchObject({
		measured: { kind: "results", results: [{ outcome: "timeout" }] },
		ok: false,
	});
});

it("reads the results of many requests with their times, also without an answer", async () => {
	const stdout = `${body}\n0.000234 0.001234\n\n0.000000 2.000100\n${body}\n0.000300 0.002000\n`;
	const snapshot = labWith({ stdout });
	const answered = { node: "nodeport-worker", podIp: "10.244.1.10" };
	expect(await snapshot.sendMany(snapshot.inside, url, 3)).toEqual([
		{ ...answered, seconds: 0.001234, connectSeconds: 0.000234 },
		{ seconds: 2.0001, connectSeconds: 0 },
		{ ...answered, seconds: 0.002, connectSeconds: 0.0003 },
	]);
	const cut = labWith({ stdout: `${body}\n0.000234 0.001234\n\n0.000000 2.000100\n` });
	expect(await cut.sendMany(snapshot.inside, url, 4, { failEarly: true })).toHaveLength(2);
	await expect(cut.sendMany(snapshot.inside, url, 4)).rejects.toThrow("dnsutils sent 2 of 4 requests");
	await expect(snapshot.sendMany(snapshot.inside, url, 4, { failEarly: true })).rejects.toThrow("sent 3 of 4");
	await expect(snapshot.sendMany(snapshot.inside, url, 4)).rejects.toThrow("dnsutils sent 3 of 4 requests");
});

it("names a client that the lab lacks", () => {
	const [node] = objects.nodes;
	expect(() => node && labWith({}).on(node)).toThrow("the lab has no client on nodeport-control-plane");
});

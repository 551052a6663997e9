/** The full matrix in every mode: promise, walk, measurement and the kernel's trace must be one. One cluster a mode. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Report } from "../../verification/report.ts";
import { readReport } from "../../verification/resultFile.ts";
import { clusterName, Lab } from "./lab.ts";

const nodes = ["control-plane", "worker", "worker2", "worker3"].map((name) => `${clusterName}-${name}`);
/** Two of the nodes have endpoints, the others none; the client is on one that has none. */
const echoNodes = nodes.slice(1, 3);

let lab: Lab;

beforeAll(async () => {
	lab = await Lab.create();
	await lab.stack.setConfig("connectivity", { value: "full" });
	for (const [i, value] of echoNodes.entries()) await lab.stack.setConfig(`echoNodes[${i}]`, { value }, true);
});
afterAll(() => lab.remove());

async function report(): Promise<Report> {
	const report = await readReport(join(lab.folder, "out/verification.json"));
	if (!report) throw new Error("the update left no report");
	return report;
}

/** Brings the lab into a mode; the update fails where anything in the matrix or the traces differs. */
async function upWith(settings: Record<string, string>): Promise<Report> {
	for (const [name, value] of Object.entries(settings)) await lab.stack.setConfig(name, { value });
	await lab.up();
	return report();
}

const traced = /^(\S+): the kernel's trace of \d+ rules equals the walk$/gm;

describe.each(["iptables", "nftables"])("kubeProxyMode %s", (kubeProxyMode) => {
	it.each([
		["Cluster", 1],
		["Cluster", 3],
		["Local", 3],
		["Local", 1],
	] as const)("externalTrafficPolicy %s, %i replicas", async (externalTrafficPolicy, replicas) => {
		const { ok, proxyMode, pods, connectivity, differences, traces, notUnderstood } = await upWith({
			kubeProxyMode,
			externalTrafficPolicy,
			replicas: String(replicas),
		});
		expect({ ok, proxyMode, differences, notUnderstood }).toEqual({
			ok: true,
			proxyMode: kubeProxyMode,
			differences: [],
			notUnderstood: [],
		});
		expect(pods.length).toBe(replicas);
		// dnsutils, each pod and each node ask every node, loopback, each pod, the ClusterIP and the name; outside, nodes and loopback.
		const clients = ["dnsutils", ...pods.map(({ name }) => name), ...nodes];
		expect(new Set(connectivity.map(({ client }) => client))).toEqual(new Set([...clients, "outside"]));
		expect(connectivity.length).toBe(clients.length * (nodes.length + 1 + replicas + 2) + nodes.length + 1);
		expect(connectivity.filter(({ ok }) => !ok)).toEqual([]);
		// From outside, policy Local answers only where the pods are.
		const fromOutside = connectivity.filter(({ client, target }) => client === "outside" && target.node);
		const hosts = externalTrafficPolicy === "Local" ? pods.map(({ node }) => node) : nodes;
		expect(fromOutside.map(({ observed }) => observed.outcome)).toEqual(
			nodes.map((node) => (hosts.includes(node) ? "ok" : "timeout")),
		);
		expect(traces?.map(({ node, result }) => `${node} ${result}`)).toEqual(nodes.map((node) => `${node} agrees`));
	});

	it("explains any client's packet, and each kernel that it passes agrees", async () => {
		const { pods } = await report();
		const pod = pods[0]?.name ?? "";
		for (const [client, target] of [
			["dnsutils", nodes[0]],
			[pod, pods[0]?.node],
			[`${clusterName}-worker`, nodes[2]],
			["outside", nodes[3]],
		] as const) {
			const asked = ["--from", client, "--to", target ?? "", "--trace"];
			const { exitCode, stdout, all } = await lab.run("cli/explain.ts", ...asked);
			expect(exitCode, all).toBe(0);
			expect([...stdout.matchAll(traced)].map(([, node]) => node)).toContain(target);
			expect(stdout).not.toMatch(/not traced/);
		}
	});

	it("keeps a client with the pod that served it, and the walk knows it", async () => {
		await upWith({ externalTrafficPolicy: "Cluster", replicas: "3", sessionAffinity: "ClientIP" });
		const { exitCode, all } = await lab.run("cli/verify.ts");
		expect(exitCode, all).toBe(0);
		const { connectivity, rules, traces } = await report();
		for (const { node, paths } of rules) {
			const answered = connectivity.find(({ client, target }) => client === "dnsutils" && target.node === node);
			// Its first packet drew lots among three pods; by now each node remembers whom it chose.
			expect(paths.map(({ probability }) => probability)).toEqual([1]);
			const sentTo = paths[0]?.hops.find(({ effect }) => effect === "dnat")?.to;
			expect(sentTo).toBe(`${answered?.observed.podIp}:8080`);
		}
		expect(traces?.map(({ result }) => result)).toEqual(nodes.map(() => "agrees"));
		await lab.stack.setConfig("sessionAffinity", { value: "None" });
	});
});

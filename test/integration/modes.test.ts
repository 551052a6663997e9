/** The full matrix in every mode: predicted paths, measurement and the kernel's trace agree. One cluster per proxy mode. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Report } from "../../verification/report.ts";
import { readReport } from "../../verification/resultFile.ts";
import { clusterName, Lab } from "./support/lab.ts";

const nodes = ["control-plane", "worker", "worker2", "worker3"].map((name) => `${clusterName}-${name}`);
/** Two of the nodes have endpoints. The client is on a node without one. */
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

/** Updates the lab. The update fails if anything in the matrix or the traces isn't as expected. */
async function upWith(settings: Record<string, string>): Promise<Report> {
	for (const [name, value] of Object.entries(settings)) await lab.stack.setConfig(name, { value });
	await lab.up();
	return report();
}

const traced = /^(\S+): the kernel's trace of \d+ rules equals the path predicted from the rules$/gm;

describe.each(["iptables", "nftables"])("kubeProxyMode %s", (kubeProxyMode) => {
	it.each([
		["Cluster", 1],
		["Cluster", 3],
		["Local", 3],
		["Local", 1],
	] as const)("externalTrafficPolicy %s, %i replicas", async (externalTrafficPolicy, replicas) => {
		const { ok, proxyMode, pods, connectivity, findings, traces, notices } = await upWith({
			kubeProxyMode,
			externalTrafficPolicy,
			replicas: String(replicas),
		});
		expect({ ok, proxyMode, findings, notices }).toEqual({
			ok: true,
			proxyMode: kubeProxyMode,
			findings: [],
			notices: [],
		});
		expect(pods.length).toBe(replicas);
		// dnsutils, pods and nodes call nodes, loopback, pods, ClusterIP and name; outside calls nodes and loopback.
		const clients = ["dnsutils", ...pods.map(({ name }) => name), ...nodes];
		expect(new Set(connectivity.map(({ client }) => client))).toEqual(new Set([...clients, "outside"]));
		expect(connectivity.length).toBe(clients.length * (nodes.length + 1 + replicas + 2) + nodes.length + 1);
		expect(connectivity.filter(({ ok }) => !ok)).toEqual([]);
		// From outside, policy Local answers only on the pods' nodes.
		const fromOutside = connectivity.filter(({ client, target }) => client === "outside" && target.node);
		const hosts = externalTrafficPolicy === "Local" ? pods.map(({ node }) => node) : nodes;
		expect(fromOutside.map(({ observed }) => observed.outcome)).toEqual(
			nodes.map((node) => (hosts.includes(node) ? "ok" : "timeout")),
		);
		expect(traces?.map(({ node, result }) => `${node} ${result}`)).toEqual(nodes.map((node) => `${node} agrees`));
	});

	it("explains any client's packet as each kernel on its path traces it", async () => {
		const { pods } = await report();
		const pod = pods[0]?.name ?? "";
		for (const [client, target] of [
			["dnsutils", nodes[0]],
			[pod, pods[0]?.node],
			[`${clusterName}-worker`, nodes[2]],
			["outside", nodes[3]],
		] as const) {
			const options = ["--from", client, "--to", target ?? "", "--trace"];
			const { exitCode, stdout, all } = await lab.run("cli/explain.ts", ...options);
			expect(exitCode, all).toBe(0);
			expect([...stdout.matchAll(traced)].map(([, node]) => node)).toContain(target);
			expect(stdout).not.toMatch(/not traced/);
		}
	});

	it("sends a client to the same pod again with session affinity, as predicted", async () => {
		await upWith({ externalTrafficPolicy: "Cluster", replicas: "3", sessionAffinity: "ClientIP" });
		const { exitCode, all } = await lab.run("cli/verify.ts");
		expect(exitCode, all).toBe(0);
		const { connectivity, rules, traces } = await report();
		for (const { node, paths } of rules) {
			const answered = connectivity.find(({ client, target }) => client === "dnsutils" && target.node === node);
			// The first packet's pod was chosen at random among three. By now each node has recorded its choice.
			expect(paths.map(({ probability }) => probability)).toEqual([1]);
			const sentTo = paths[0]?.hops.find(({ effect }) => effect === "dnat")?.to;
			expect(sentTo).toBe(`${answered?.observed.podIp}:8080`);
		}
		expect(traces?.map(({ result }) => result)).toEqual(nodes.map(() => "agrees"));
		await lab.stack.setConfig("sessionAffinity", { value: "None" });
	});
});

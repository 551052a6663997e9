/**
 * The full matrix in every mode: predicted paths, measurement and the kernel's trace agree, over each address family and each
 * protocol. One cluster per proxy mode and choice of families; of the choices, dual stack has all families and protocols.
 */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ViewName } from "../../kubernetes/snapshot.ts";
import type { Report } from "../../verification/report.ts";
import { readReport } from "../../verification/resultFile.ts";
import { ifSlow, isSlowRun, itIfSlow } from "./suites/selection.ts";
import { clusterName, Lab, lastingNotices } from "./support/lab.ts";

const nodes = ["control-plane", "worker", "worker2", "worker3"].map((name) => `${clusterName}-${name}`);
/** Two of the nodes have endpoints. The client is on a node without one. */
const echoNodes = nodes.slice(1, 3);

const families = { dual: ["ipv4", "ipv6"], ipv4: ["ipv4"], ipv6: ["ipv6"] } as const;

const modes = (["iptables", "nftables"] as const).flatMap((kubeProxyMode) =>
	(["dual", ...ifSlow(["ipv4", "ipv6"] as const)] as const).map((ipFamily) => [kubeProxyMode, ipFamily] as const),
);

/** externalTrafficPolicy and replicas. `npm run test:slow` runs all four in each mode. */
const policies = {
	iptables: [
		["Cluster", 3],
		["Local", 1],
	],
	nftables: [
		["Cluster", 1],
		["Local", 3],
	],
} as const;

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

const isOf =
	({ family, protocol }: ViewName) =>
	(one: Partial<ViewName> | { family?: string | undefined; protocol?: string | undefined }): boolean =>
		one.family === family && one.protocol === protocol;

const traced = /^(\S+): the kernel's trace of \d+ rules equals the path predicted from the rules$/gm;

describe.each(modes)("kubeProxyMode %s, ipFamily %s", (kubeProxyMode, ipFamily) => {
	const views: ViewName[] = families[ipFamily].flatMap((family) =>
		(["tcp", "udp"] as const).map((protocol) => ({ family, protocol })),
	);

	/** Every view has the whole matrix, and it is as the policy says. */
	function holdsMatrix({ pods, connectivity, traces, rules, clients }: Report, policy: string, asked = views): void {
		const callers = ["dnsutils", ...pods.map(({ name }) => name), ...nodes];
		expect(new Set(clients.map(({ name }) => name))).toEqual(new Set([...callers, "outside"]));
		expect(connectivity.filter(({ ok }) => !ok)).toEqual([]);
		for (const view of asked) {
			const own = connectivity.filter(({ target }) => isOf(view)(target));
			// dnsutils, pods and nodes call nodes, loopback, pods, ClusterIP and name; outside calls nodes and loopback.
			expect(new Set(own.map(({ client }) => client))).toEqual(new Set([...callers, "outside"]));
			expect(own.length).toBe(connectivity.length / asked.length);
			expect(own.length).toBe(callers.length * (nodes.length + 1 + pods.length + 2) + nodes.length + 1);
			// From outside, policy Local answers only on the pods' nodes.
			const hosts = policy === "Local" ? pods.map(({ node }) => node) : nodes;
			const fromOutside = own.filter(({ client, target }) => client === "outside" && target.node);
			expect(fromOutside.map(({ observed }) => observed.outcome)).toEqual(
				nodes.map((node) => (hosts.includes(node) ? "ok" : "timeout")),
			);
			expect(loopbackResults(own)).toEqual(nodes.map((node) => onLoopback(view, policy, hosts.includes(node))));
			expect(traces?.filter(isOf(view)).map(({ node, result }) => `${node} ${result}`)).toEqual(
				nodes.map((node) => `${node} agrees`),
			);
			expect(rules.filter(isOf(view)).map(({ node }) => node)).toEqual(nodes);
		}
		expect(traces?.length).toBe(asked.length * nodes.length);
	}

	/** What each node's own process gets at the node's own loopback address. */
	const loopbackResults = (own: Report["connectivity"]): string[] =>
		nodes.map((node) => {
			const isLoopback = ({ address }: { address: string }) => /^(127\.0\.0\.1|\[::1\]):/.test(address);
			return own.find(({ client, target }) => client === node && isLoopback(target))?.observed.outcome ?? "";
		});

	/** Written out here, not taken from the code: only iptables mode serves it, and only for IPv4. */
	function onLoopback({ family }: ViewName, policy: string, hasEndpoint: boolean): string {
		if (kubeProxyMode === "nftables") return "refused";
		if (family === "ipv4") return "ok";
		return policy === "Local" && !hasEndpoint ? "timeout" : "refused";
	}

	it.each(isSlowRun ? Object.values(policies).flat() : policies[kubeProxyMode])(
		"externalTrafficPolicy %s, %i replicas",
		async (externalTrafficPolicy, replicas) => {
			const all = await upWith({
				kubeProxyMode,
				ipFamily,
				protocols: "both",
				externalTrafficPolicy,
				replicas: String(replicas),
			});
			const { ok, proxyMode, pods, findings } = all;
			expect({ ok, proxyMode, findings, notices: lastingNotices(all) }).toEqual({
				ok: true,
				proxyMode: kubeProxyMode,
				findings: [],
				notices: [],
			});
			expect(pods.length).toBe(replicas);
			holdsMatrix(all, externalTrafficPolicy);
		},
	);

	it("explains any client's packet as each kernel on its path traces it, in every view", async () => {
		const { pods } = await report();
		const pod = pods[0]?.name ?? "";
		for (const [i, [client, target]] of (
			[
				["dnsutils", nodes[0]],
				[pod, pods[0]?.node],
				[`${clusterName}-worker`, nodes[2]],
				["outside", nodes[3]],
			] as const
		).entries()) {
			// The views take turns, so that each is explained.
			const { family, protocol } = views[i % views.length] ?? expect.fail("there is a view");
			const view = ["--family", family, "--protocol", protocol];
			const options = ["--from", client, "--to", target ?? "", ...view, "--trace"];
			const { exitCode, stdout, all } = await lab.run("cli/explain.ts", ...options);
			expect(exitCode, all).toBe(0);
			expect([...stdout.matchAll(traced)].map(([, node]) => node)).toContain(target);
			expect(stdout).not.toMatch(/not traced/);
		}
	});

	itIfSlow("sends a client to the same pod again with session affinity, as predicted", async () => {
		await upWith({ externalTrafficPolicy: "Cluster", replicas: "3", sessionAffinity: "ClientIP" });
		const { exitCode, all } = await lab.run("cli/verify.ts");
		expect(exitCode, all).toBe(0);
		const { connectivity, rules, traces } = await report();
		expect(rules.length).toBe(views.length * nodes.length);
		for (const { node, paths, family = "ipv4", protocol = "tcp" } of rules) {
			const isHere = isOf({ family, protocol });
			const answered = connectivity.find(
				({ client, target }) => client === "dnsutils" && target.node === node && isHere(target),
			);
			// The first packet's pod was chosen at random among three. By now each node has recorded its choice.
			expect(paths.map(({ probability }) => probability)).toEqual([1]);
			const sentTo = paths[0]?.hops.find(({ effect }) => effect === "dnat")?.to;
			const podIp = answered?.observed.podIp;
			expect(sentTo).toBe(family === "ipv6" ? `[${podIp}]:8080` : `${podIp}:8080`);
		}
		expect(traces?.map(({ result }) => result)).toEqual(rules.map(() => "agrees"));
		await lab.stack.setConfig("sessionAffinity", { value: "None" });
	});

	itIfSlow("serves only the protocol that is configured", async () => {
		for (const [protocols, protocol] of [
			["UDP", "udp"],
			["TCP", "tcp"],
		] as const) {
			const all = await upWith({ protocols, externalTrafficPolicy: "Cluster", replicas: "1" });
			expect(all.findings).toEqual([]);
			expect(all.service.protocols).toEqual([protocol]);
			const asked = views.filter((view) => view.protocol === protocol);
			holdsMatrix(all, "Cluster", asked);
		}
	});
});

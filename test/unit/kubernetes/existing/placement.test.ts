import { describe, expect, it } from "vitest";
import { type ExistingConfig, parseLabConfig } from "../../../../config/labConfig.ts";
import type { ClusterInfo, FoundNode } from "../../../../kubernetes/existing/inspect.ts";
import { placeOn } from "../../../../kubernetes/existing/placement.ts";
import { UserError } from "../../../../lib/userError.ts";
import { defaults } from "../../components/defaults.ts";
import { sampleView } from "../../verification/sampleSnapshot.ts";

const [example] = sampleView().nodes;
const node = (name: string, ordinary = true): FoundNode => ({
	...(example ?? expect.fail("the sample has nodes")),
	name,
	role: ordinary ? "worker" : "control-plane",
	ordinary,
});
const clusterInfo = (workers: number, proxied?: string[]): ClusterInfo => {
	const nodes = [node("plane", false), ...Array.from({ length: workers }, (_, i) => node(`node-${i + 1}`))];
	return { name: "theirs", id: "uid", nodes, proxied: proxied ?? nodes.map(({ name }) => name) };
};
const config = (settings: object = {}) =>
	parseLabConfig({ ...defaults, cluster: "existing", kubeconfig: "k", context: "c", ...settings }) as ExistingConfig;

describe("the lab's place in an existing cluster", () => {
	it("is the first and the last node that takes ordinary pods, unless the configuration names others", () => {
		expect(placeOn(config(), clusterInfo(3))).toEqual({
			echoNodes: ["node-1"],
			clientNode: "node-3",
			nodes: ["plane", "node-1", "node-2", "node-3"],
			lacksProxy: false,
		});
		expect(placeOn(config({ echoNodes: [], clientNode: "node-2" }), clusterInfo(3))).toMatchObject({
			echoNodes: [],
			clientNode: "node-2",
		});
	});

	it("reports all nodes that don't exist or can't run ordinary pods together, and the usable ones", () => {
		const place = () => placeOn(config({ echoNodes: ["node-1", "nowhere"], clientNode: "plane" }), clusterInfo(12));
		expect(place).toThrow(UserError);
		expect(place).toThrow(/2 errors.*echoNodes\[1\]: got "nowhere".*clientNode: got "plane"/s);
		expect(place).toThrow(/can run ordinary pods: node-1, .*, node-10 and 2 others; fix: pulumi config set clientNode/);
	});

	describe("if the nodes have addresses of some families only", () => {
		const placed = (ipFamily: string, ...addresses: string[][]) => {
			const { nodes, ...rest } = clusterInfo(addresses.length - 1);
			const found = nodes.map((node, i) => ({ ...node, internalIps: addresses[i] ?? [] }));
			return () => placeOn(config({ ipFamily }), { nodes: found, ...rest });
		};
		const [four, six] = [["172.18.0.3"], ["fc00::3"]];
		const both = [...four, ...six];

		it.each([
			["dual", [both, four], "ipv4", "node-1 has 172.18.0.3"],
			["ipv6", [four, four], "ipv4", "plane has 172.18.0.3; node-1 has 172.18.0.3"],
			["ipv4", [six, both], "ipv6", "plane has fc00::3"],
		])("ipFamily %s is refused on nodes with %j, and %s is named", (ipFamily, addresses, possible, why) => {
			const fix = `fix: pulumi config set ipFamily ${possible}`;
			const allowed = `${possible}: the families of all nodes' InternalIPs (${why})`;
			expect(placed(ipFamily, ...addresses)).toThrow(`ipFamily: got "${ipFamily}", allowed: ${allowed}; ${fix}`);
		});

		it.each(["ipv4", "ipv6", "dual"])("ipFamily %s is accepted if all nodes have its addresses", (ipFamily) => {
			expect(placed(ipFamily, both, both)).not.toThrow();
			// A node that shows none contradicts nothing.
			expect(placed(ipFamily, both, [])).not.toThrow();
		});
	});

	it("is an error if no node can run ordinary pods", () => {
		expect(() => placeOn(config(), clusterInfo(0))).toThrow(/1 nodes, but none that can run ordinary pods/);
	});

	it("lacks kube-proxy if one of the checked nodes runs no pod of it", () => {
		expect(placeOn(config(), clusterInfo(2, ["plane", "node-2"])).lacksProxy).toBe(true);
		expect(placeOn(config(), clusterInfo(2, [])).lacksProxy).toBe(true);
	});

	describe("if a node isn't Ready", () => {
		const without = (missing: string) => {
			const { nodes, ...rest } = clusterInfo(
				3,
				["plane", "node-1", "node-2", "node-3"].filter((name) => name !== missing),
			);
			const hindrance = { ordinary: false, ready: false, hindrance: "is not Ready" };
			return { nodes: nodes.map((node) => (node.name === missing ? { ...node, ...hindrance } : node)), ...rest };
		};

		it("skips it and reports it", () => {
			expect(placeOn(config(), without("node-2"))).toMatchObject({
				nodes: ["plane", "node-1", "node-3"],
				sample: { of: 4, hindered: ["node-2 is not Ready"] },
				lacksProxy: false,
			});
		});

		it("takes the next one for the echo or the client by default", () => {
			expect(placeOn(config(), without("node-1"))).toMatchObject({ echoNodes: ["node-2"], clientNode: "node-3" });
			expect(placeOn(config(), without("node-3"))).toMatchObject({ echoNodes: ["node-1"], clientNode: "node-2" });
		});

		it("keeps the echo's nodes if it may run on others, so that it needn't move when the node is back", () => {
			for (const echoNodes of [[], ["node-1", "node-2"]])
				expect(placeOn(config({ echoNodes }), without("node-2")).echoNodes).toEqual(echoNodes);
		});

		it("keeps the echo off a Ready node that can't be checked, because pods may be placed there", () => {
			const { nodes, ...rest } = clusterInfo(3);
			const windows = { ordinary: false, hindrance: "runs windows" };
			const mixed = { nodes: nodes.map((node) => (node.name === "node-2" ? { ...node, ...windows } : node)), ...rest };
			expect(placeOn(config({ echoNodes: [] }), mixed).echoNodes).toEqual(["node-1", "node-3"]);
			const place = () => placeOn(config({ echoNodes: ["node-1", "node-2"] }), mixed);
			expect(place).toThrow(/echoNodes\[1\]: got "node-2", .*\(node-2 runs windows\)/);
		});

		it("refuses it as the client's node and as the echo's only node, and reports why", () => {
			const place = () => placeOn(config({ echoNodes: ["node-2"], clientNode: "node-2" }), without("node-2"));
			expect(place).toThrow(
				/echoNodes\[0\]: got "node-2", .* can run ordinary pods \(node-2 is not Ready\): node-1, node-3;/,
			);
			expect(place).toThrow(/clientNode: got "node-2", .*\(node-2 is not Ready\).*pulumi config set clientNode node-3/);
		});
	});

	it("is a sample of a large cluster; the echo stays in the sample if it may run on any node", () => {
		const { echoNodes, clientNode, nodes, sample } = placeOn(
			config({ echoNodes: [], sampleSeed: "5" }),
			clusterInfo(4_999),
		);
		expect(sample).toMatchObject({ nodes, of: 5_000, seed: 5 });
		expect(nodes).toContain(clientNode);
		expect(echoNodes).toEqual(nodes.filter((name) => name !== "plane"));
	});
});

import { describe, expect, it } from "vitest";
import { type Candidate, mostNodes, sampleNodes, sampleText } from "../../../../kubernetes/existing/nodeSample.ts";

const planes = ["plane-1", "plane-2", "plane-3"];
const worker = (i: number): Candidate => ({ name: `node-${i}`, role: "worker" });
const cluster = (workers: number): Candidate[] => [
	...planes.map((name): Candidate => ({ name, role: "control-plane" })),
	...Array.from({ length: workers }, (_, i) => worker(i)),
];
const large = cluster(4_997);
const needed = ["node-17", "node-4711"];

describe("a sample of a cluster's nodes", () => {
	it("isn't needed for up to fifty nodes", () => {
		expect(sampleNodes(cluster(mostNodes - 3), needed, 1)).toBeUndefined();
		expect(sampleNodes(cluster(mostNodes - 2), [], 1)?.nodes).toHaveLength(mostNodes);
	});

	it("of 5,000 nodes contains fifty, with the control plane and the needed nodes", () => {
		const sample = sampleNodes(large, needed, 1) ?? expect.fail("the cluster has more than fifty nodes");
		expect(new Set(sample.nodes).size).toBe(mostNodes);
		expect(sample).toMatchObject({ of: 5_000, seed: 1 });
		expect(sample.nodes).toEqual(expect.arrayContaining([...planes, ...needed]));
		expect(sample.nodes.slice(0, 3)).toEqual(planes);
		expect(sampleText(sample)).toBe("50 of 5000 nodes, seed 1");
	});

	it("is the same for the same seed and any order of the nodes, and differs for another seed", () => {
		const draw = (nodes: Candidate[], seed: number) => [...(sampleNodes(nodes, needed, seed)?.nodes ?? [])].sort();
		expect(draw([...large].reverse(), 7)).toEqual(draw(large, 7));
		expect(draw(large, 8)).not.toEqual(draw(large, 7));
	});

	it("changes by at most one node when a node is added or removed", () => {
		const before = new Set(sampleNodes(large, needed, 1)?.nodes);
		for (const gone of [4, 500, 4_999]) {
			const after = sampleNodes(large.toSpliced(gone, 1), needed, 1)?.nodes ?? [];
			expect(after.filter((name) => !before.has(name)).length).toBeLessThanOrEqual(1);
		}
	});

	it("contains every worker about equally often", () => {
		const times = new Map<string, number>();
		const seeds = 400;
		for (let seed = 0; seed < seeds; seed++)
			for (const name of sampleNodes(cluster(97), [], seed)?.nodes ?? []) times.set(name, (times.get(name) ?? 0) + 1);
		// Each of 97 workers has 47 of 97 places: 194 times in 400; 5 standard deviations (10 each) are 50.
		for (let i = 0; i < 97; i++) expect(Math.abs((times.get(`node-${i}`) ?? 0) - (seeds * 47) / 97)).toBeLessThan(50);
	});

	it("skips nodes that can't be checked, and reports why", () => {
		const hindered = (nodes: Candidate[]) =>
			nodes.map((node, i) => (i > 3 && i < 8 ? { ...node, hindrance: "is not Ready" } : node));
		const small = sampleNodes(hindered(cluster(10)), [], 1) ?? expect.fail("four nodes can't be checked");
		expect(small.nodes).toHaveLength(9);
		const named = "node-1 is not Ready, node-2 is not Ready, node-3 is not Ready, node-4 is not Ready";
		expect(sampleText(small)).toBe(`9 of 13 nodes: ${named}`);
		const drawn = sampleNodes(hindered(large), [], 1) ?? expect.fail("the cluster has more than fifty nodes");
		expect(drawn.nodes.filter((name) => /^node-[1-4]$/.test(name))).toEqual([]);
		expect(sampleText(drawn)).toBe(`50 of 5000 nodes, seed 1: ${named}`);
		const many = {
			...small,
			hindered: [...(small.hindered ?? []), ...["a", "b", "c"].map((name) => `${name} runs windows`)],
		};
		expect(sampleText(many)).toMatch(/node-4 is not Ready, a runs windows, 2 more$/);
	});

	it("is larger if more nodes are needed", () => {
		const many = Array.from({ length: 60 }, (_, i) => `node-${i}`);
		expect(sampleNodes(large, many, 1)?.nodes.sort()).toEqual(many.sort());
	});
});

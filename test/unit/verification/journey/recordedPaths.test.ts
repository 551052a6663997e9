import { expect, it } from "vitest";
import type { ClusterSnapshot } from "../../../../kubernetes/snapshot.ts";
import { keptWays } from "../../../../verification/journey/recordedPaths.ts";
import { waysOf } from "../../../../verification/judgement/judge.ts";
import type { Cell } from "../../../../verification/model.ts";
import { sampleCell } from "../../report/sample.ts";
import { dnsutils, rulesets, snapshots } from "../trace/traceLab.ts";

const rules = await rulesets();

const snapshot: ClusterSnapshot = {
	...snapshots["trace-cluster"],
	clients: [{ name: "dnsutils", run: { spawn: ["true"] }, get: ["curl"], place: dnsutils }],
};

const cellTo = (host: number, ok = true): Cell => ({
	...sampleCell("dnsutils"),
	target: { kind: "nodePort", address: `172.18.0.${host}:30042` },
	ok,
});
const cells = [cellTo(8), cellTo(9), cellTo(7, false)];
const journeysOf = (cell: Cell) => waysOf(snapshot, rules, cell);
const kept = keptWays(snapshot, cells, journeysOf);

it("keeps every way of every cell, each node's hops in their order", () => {
	const { ways, omittedWays } = kept.cells.find(({ address }) => address === "172.18.0.9:30042") ?? { ways: [] };
	expect([ways.map(({ probability }) => probability), omittedWays]).toEqual([[0.5, 0.5], 0]);
	expect(ways.map(({ outcome, end }) => [outcome, end.kind, end.node, end.address, end.clientIp])).toEqual([
		["ok", "pod", "nodeport-worker", "10.244.1.11", "172.18.0.9"],
		["ok", "pod", "nodeport-worker3", "10.244.3.3", "172.18.0.9"],
	]);
	expect(ways[0]?.legs.map(({ node, source, destination }) => `${node}: ${source} -> ${destination}`)).toEqual([
		"nodeport-worker3: 10.244.3.2 -> 172.18.0.9:30042",
		"nodeport-worker2: 172.18.0.6 -> 172.18.0.9:30042",
		"nodeport-worker: 172.18.0.9 -> 10.244.1.11:8080",
	]);
	const words = ways[0]?.legs.flatMap(({ hops }) => hops.map((place) => kept.hops[place]));
	expect(words).toEqual(journeysOf(cellTo(9))[0]?.legs.flatMap(({ path }) => path.hops));
});

it("keeps a hop once that several packets take", () => {
	const places = kept.cells.flatMap(({ ways }) => ways.flatMap(({ legs }) => legs.flatMap(({ hops }) => hops)));
	expect(new Set(kept.hops.map((hop) => JSON.stringify(hop))).size).toBe(kept.hops.length);
	expect(kept.hops.length).toBeLessThan(places.length);
	expect(new Set(places)).toEqual(new Set(kept.hops.keys()));
});

it("leaves out what there is no room for, but first keeps what is not as it must be", () => {
	const one = journeysOf(cellTo(7)).flatMap(({ legs }) => legs.flatMap(({ path }) => path.hops)).length;
	const { cells: some, omittedCells } = keptWays(snapshot, cells, journeysOf, one);
	expect(some.map(({ address }) => address)).toEqual(["172.18.0.7:30042"]);
	expect(omittedCells).toBe(2);
});

it("keeps the likeliest of very many ways, and counts the others", () => {
	const [journey] = journeysOf(cellTo(8));
	if (!journey) throw new Error("the fixture has no way");
	const many = [0.05, 0.3, ...Array(13).fill(0.05)].map((probability) => ({ ...journey, probability }));
	const [cell] = keptWays(snapshot, [cellTo(8)], () => many).cells;
	expect([cell?.ways.length, cell?.ways[0]?.probability, cell?.omittedWays]).toEqual([8, 0.3, 7]);
});

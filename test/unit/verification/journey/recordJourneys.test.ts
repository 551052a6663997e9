import { expect, it } from "vitest";
import type { ClusterSnapshot } from "../../../../kubernetes/snapshot.ts";
import { recordJourneys } from "../../../../verification/journey/recordJourneys.ts";
import { requestJourney } from "../../../../verification/judgement/judge.ts";
import type { Cell } from "../../../../verification/model.ts";
import { sampleCell } from "../../report/sampleReport.ts";
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
const journeyOf = (cell: Cell) => requestJourney(snapshot, rules, cell);
const recorded = recordJourneys(cells, journeyOf);

it("records every branch of every journey, each node's hops in order", () => {
	const { branches, omittedBranches } = recorded.requests.find(({ address }) => address === "172.18.0.9:30042") ?? {
		branches: [],
	};
	expect([branches.map(({ probability }) => probability), omittedBranches]).toEqual([[0.5, 0.5], 0]);
	expect(branches.map(({ outcome, end }) => [outcome, end])).toEqual([
		[
			"ok",
			expect.objectContaining({ kind: "pod", node: "nodeport-worker", address: "10.244.1.11", clientIp: "172.18.0.9" }),
		],
		[
			"ok",
			expect.objectContaining({ kind: "pod", node: "nodeport-worker3", address: "10.244.3.3", clientIp: "172.18.0.9" }),
		],
	]);
	expect(branches[0]?.legs.map(({ node, source, destination }) => `${node}: ${source} -> ${destination}`)).toEqual([
		"nodeport-worker3: 10.244.3.2 -> 172.18.0.9:30042",
		"nodeport-worker2: 172.18.0.6 -> 172.18.0.9:30042",
		"nodeport-worker: 172.18.0.9 -> 10.244.1.11:8080",
	]);
	const words = branches[0]?.legs.flatMap(({ hops }) => hops.map((place) => recorded.hops[place]));
	expect(words).toEqual(journeyOf(cellTo(9))[0]?.legs.flatMap(({ path }) => path.hops));
});

it("records a hop of several packets once", () => {
	const places = recorded.requests.flatMap(({ branches }) =>
		branches.flatMap(({ legs }) => legs.flatMap(({ hops }) => hops)),
	);
	expect(new Set(recorded.hops.map((hop) => JSON.stringify(hop))).size).toBe(recorded.hops.length);
	expect(recorded.hops.length).toBeLessThan(places.length);
	expect(new Set(places)).toEqual(new Set(recorded.hops.keys()));
});

it("omits what exceeds the limit, and records failed requests first", () => {
	const one = journeyOf(cellTo(7)).flatMap(({ legs }) => legs.flatMap(({ path }) => path.hops)).length;
	const { requests: some, omittedRequests } = recordJourneys(cells, journeyOf, one);
	expect(some.map(({ address }) => address)).toEqual(["172.18.0.7:30042"]);
	expect(omittedRequests).toBe(2);
});

it("records the most probable of many branches, and counts the others", () => {
	const [journey] = journeyOf(cellTo(8));
	if (!journey) throw new Error("the fixture has no branch");
	const many = [0.05, 0.3, ...Array(13).fill(0.05)].map((probability) => ({ ...journey, probability }));
	const [cell] = recordJourneys([cellTo(8)], () => many).requests;
	expect([cell?.branches.length, cell?.branches[0]?.probability, cell?.omittedBranches]).toEqual([8, 0.3, 7]);
});

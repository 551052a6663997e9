import type { Node } from "../../kubernetes/model.ts";
import type { Measurement } from "../report.ts";
import type { Experiment } from "./support/experiment.ts";
import type { LabSnapshot, Result } from "./support/labSnapshot.ts";
import { count, shares } from "./support/measurements.ts";

const requests = 1000;

export const secondHop: Experiment = {
	name: "second-hop",
	title: "A second hop",
	question: "How many requests cross from one node to another, and how much slower are they?",
	workers: 3,
	changes: ({ workers }) => [
		{ externalTrafficPolicy: "Cluster", replicas: 1 },
		{ externalTrafficPolicy: "Cluster", replicas: 3, echoNodes: workers.slice(0, 3).map(({ name }) => name) },
	],
	async measure(_, snapshot) {
		if (snapshot.objects.endpoints.length === 1) return latency(snapshot);
		const results = await snapshot.sendMany(snapshot.outside, snapshot.addressOf(snapshot.host), requests * 3);
		return [
			crossings(snapshot, snapshot.host, results, `3 replicas, one on each of 3 nodes, through ${snapshot.host.name}`),
		];
	},
};

/** The same pod, through its own node and through another, alternating so that both meet the same load. */
async function latency(snapshot: LabSnapshot): Promise<Measurement[]> {
	const own = snapshot.host;
	const other = snapshot.workers.find(({ name }) => name !== own.name);
	if (!other) throw new Error("the pod's node is the only worker");
	const direct: Result[] = [];
	const crossing: Result[] = [];
	for (let round = 0; round < 5; round++) {
		direct.push(...(await snapshot.sendMany(snapshot.outside, snapshot.addressOf(own), requests / 5)));
		crossing.push(...(await snapshot.sendMany(snapshot.outside, snapshot.addressOf(other), requests / 5)));
	}
	const ratios = [50, 90, 99].map((percentile) => {
		const ratio = quantile(crossing, percentile) / quantile(direct, percentile);
		return `p${percentile} ${ratio.toFixed(2)}`;
	});
	const crossed = crossings(snapshot, other, crossing, `through ${other.name}`);
	return [
		crossings(snapshot, own, direct, `through ${own.name}, the pod's own node`),
		{ ...crossed, measured: `${crossed.measured}; the latency ratio to the pod's own node is ${ratios.join(", ")}` },
	];
}

function quantile(results: readonly Result[], percentile: number): number {
	const seconds = results.map(({ seconds }) => seconds).sort((a, b) => a - b);
	return seconds[Math.min(seconds.length - 1, Math.floor((seconds.length * percentile) / 100))] ?? Number.NaN;
}

/** The share of requests that crosses from the entry node to another one, by the probabilities of the rules. */
function crossings(snapshot: LabSnapshot, entry: Node, results: readonly Result[], what: string): Measurement {
	const stays = (node: string | undefined) => (node === entry.name ? "stay on the node" : "cross nodes");
	const predicted = new Map<string, number>();
	for (const { probability, end } of snapshot.journey(snapshot.outside, snapshot.addressOf(entry))) {
		const name = end.kind === "pod" ? stays(end.node) : end.kind;
		predicted.set(name, (predicted.get(name) ?? 0) + probability);
	}
	const counted = count(results, ({ node }) => (node === undefined ? "unanswered" : stays(node)));
	return {
		...shares(what, predicted, counted),
		journey: snapshot.recordedJourney(snapshot.outside, snapshot.addressOf(entry)),
	};
}

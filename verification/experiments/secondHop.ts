import type { Node } from "../../kubernetes/model.ts";
import type { Finding } from "../report.ts";
import type { Experiment } from "./support/experiment.ts";
import { count, shares } from "./support/findings.ts";
import type { Answered, LabSnapshot } from "./support/labSnapshot.ts";

const requests = 1000;

export const secondHop: Experiment = {
	name: "second-hop",
	title: "A second hop",
	question: "How many requests cross from one node to another, and what does it cost?",
	workers: 3,
	changes: ({ workers }) => [
		{ externalTrafficPolicy: "Cluster", replicas: 1 },
		{ externalTrafficPolicy: "Cluster", replicas: 3, echoNodes: workers.slice(0, 3).map(({ name }) => name) },
	],
	async measure(_, snapshot) {
		if (snapshot.objects.endpoints.length === 1) return latency(snapshot);
		const answers = await snapshot.askOften(snapshot.outside, snapshot.url(snapshot.host), requests * 3);
		return [
			crossings(snapshot, snapshot.host, answers, `3 replicas, one on each of 3 nodes, by ${snapshot.host.name}`),
		];
	},
};

/** The same pod, by its own node and by another: the requests of both in turns, so that both meet the same weather. */
async function latency(snapshot: LabSnapshot): Promise<Finding[]> {
	const own = snapshot.host;
	const other = snapshot.workers.find(({ name }) => name !== own.name);
	if (!other) throw new Error("there is no other worker than the pod's own");
	const direct: Answered[] = [];
	const crossing: Answered[] = [];
	for (let round = 0; round < 5; round++) {
		direct.push(...(await snapshot.askOften(snapshot.outside, snapshot.url(own), requests / 5)));
		crossing.push(...(await snapshot.askOften(snapshot.outside, snapshot.url(other), requests / 5)));
	}
	const ratios = [50, 90, 99].map((percentile) => {
		const ratio = quantile(crossing, percentile) / quantile(direct, percentile);
		return `p${percentile} ${ratio.toFixed(2)}`;
	});
	const crossed = crossings(snapshot, other, crossing, `by ${other.name}`);
	return [
		crossings(snapshot, own, direct, `by the pod's own node ${own.name}`),
		{ ...crossed, measured: `${crossed.measured}; they take ${ratios.join(", ")} times as long` },
	];
}

function quantile(answers: readonly Answered[], percentile: number): number {
	const seconds = answers.map(({ seconds }) => seconds).sort((a, b) => a - b);
	return seconds[Math.min(seconds.length - 1, Math.floor((seconds.length * percentile) / 100))] ?? Number.NaN;
}

/** Which part crosses from the entry to another node, by the probabilities of the rules' draws. */
function crossings(snapshot: LabSnapshot, entry: Node, answers: readonly Answered[], what: string): Finding {
	const stays = (node: string | undefined) => (node === entry.name ? "stay on the node" : "cross nodes");
	const predicted = new Map<string, number>();
	for (const { probability, end } of snapshot.ways(snapshot.outside, snapshot.url(entry))) {
		const name = end.kind === "pod" ? stays(end.node) : end.kind;
		predicted.set(name, (predicted.get(name) ?? 0) + probability);
	}
	const counted = count(answers, ({ node }) => (node === undefined ? "unanswered" : stays(node)));
	return { ...shares(what, predicted, counted), path: snapshot.path(snapshot.outside, snapshot.url(entry)) };
}

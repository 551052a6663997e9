import type { Node } from "../model.ts";
import type { Finding } from "../report/model.ts";
import type { Experiment } from "./experiment.ts";
import { count, percent, same, shares } from "./findings.ts";
import type { Answered, Sight } from "./sight.ts";

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
	async measure(_, sight) {
		return sight.view.endpoints.length === 1 ? latency(sight) : crossings(sight);
	},
};

/** The same pod, by its own node and by another: the requests of both in turns, so that both meet the same weather. */
async function latency(sight: Sight): Promise<Finding[]> {
	const [own] = sight.nodes({ endpoints: true });
	const [other] = sight.nodes({ endpoints: false }).filter(({ role }) => role === "worker");
	if (!own || !other) return [];
	const direct: Answered[] = [];
	const crossing: Answered[] = [];
	for (let round = 0; round < 5; round++) {
		direct.push(...(await sight.askOften(sight.outside, sight.url(own), requests / 5)));
		crossing.push(...(await sight.askOften(sight.outside, sight.url(other), requests / 5)));
	}
	const ratios = [50, 90, 99].map((percentile) => {
		const ratio = quantile(crossing, percentile) / quantile(direct, percentile);
		return `p${percentile} ${ratio.toFixed(2)}`;
	});
	const crossed = same(`by ${other.name}`, crossingOf(1), crossingOf(share(crossing, other)));
	return [
		same(`by the pod's own node ${own.name}`, crossingOf(0), crossingOf(share(direct, own))),
		{ ...crossed, measured: `${crossed.measured}; they take ${ratios.join(", ")} times as long` },
	];
}

const crossingOf = (share: number): string => `${percent(share)} of ${requests} requests cross nodes`;

/** Which part of the answers came from another node than the one that was asked. */
const share = (answers: readonly Answered[], { name }: Node): number =>
	answers.filter(({ node }) => node !== undefined && node !== name).length / answers.length;

function quantile(answers: readonly Answered[], percentile: number): number {
	const seconds = answers.map(({ seconds }) => seconds).sort((a, b) => a - b);
	return seconds[Math.min(seconds.length - 1, Math.floor((seconds.length * percentile) / 100))] ?? Number.NaN;
}

/** With a pod on each of three nodes: by the probabilities of the rules' draws. */
async function crossings(sight: Sight): Promise<Finding[]> {
	const [own] = sight.nodes({ endpoints: true });
	if (!own) return [];
	const stays = (node: string | undefined) => (node === own.name ? "stay on the node" : "cross nodes");
	const foretold = new Map<string, number>();
	for (const { probability, end } of sight.ways(sight.outside, sight.url(own))) {
		const name = stays("node" in end ? end.node : undefined);
		foretold.set(name, (foretold.get(name) ?? 0) + probability);
	}
	const answers = await sight.askOften(sight.outside, sight.url(own), requests * 3);
	const answered = answers.filter(({ node }) => node !== undefined);
	const what = `3 replicas, one on each of 3 nodes, by ${own.name}`;
	return [
		shares(
			what,
			foretold,
			count(answered, ({ node }) => stays(node)),
		),
	];
}

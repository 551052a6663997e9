import type { Experiment } from "./support/experiment.ts";
import { count, shares } from "./support/findings.ts";
import type { LabSnapshot } from "./support/labSnapshot.ts";

const requests = 3000;

export const unevenLoad: Experiment = {
	name: "uneven-load",
	title: "Policy Local balances nodes, not pods",
	question: "What share does each of 3 pods on 2 nodes get of a client that takes both nodes alike?",
	workers: 2,
	changes: ({ workers }) => [
		{ externalTrafficPolicy: "Local", replicas: 3, echoNodes: workers.slice(0, 2).map(({ name }) => name) },
	],
	async measure(_, sight) {
		const entries = sight.nodes({ endpoints: true });
		const each = requests / entries.length;
		const foretold = new Map<string, number>();
		for (const entry of entries) {
			for (const { probability, end } of sight.ways(sight.outside, sight.url(entry))) {
				if (end.kind !== "pod") continue;
				const name = podName(sight, end.address);
				foretold.set(name, (foretold.get(name) ?? 0) + probability / entries.length);
			}
		}
		const answers = await Promise.all(entries.map((entry) => sight.askOften(sight.outside, sight.url(entry), each)));
		const counted = count(answers.flat(), ({ podIp = "nobody" }) => podName(sight, podIp));
		const [entry] = entries;
		return [
			{
				...shares(`by turns to ${entries.map(({ name }) => name).join(" and ")}`, foretold, counted),
				...(entry && { path: sight.path(sight.outside, sight.url(entry)) }),
			},
		];
	},
};

/** "10.244.1.2 on nodeport-worker" */
function podName({ view }: LabSnapshot, ip: string): string {
	const node = view.endpoints.find((endpoint) => endpoint.ip === ip)?.node;
	return node ? `${ip} on ${node}` : ip;
}

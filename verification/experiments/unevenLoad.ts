import type { Experiment } from "./support/experiment.ts";
import { count, shares } from "./support/measurements.ts";

const requests = 3000;

export const unevenLoad: Experiment = {
	name: "uneven-load",
	title: "Policy Local balances nodes, not pods",
	question: "Which share of the requests does each of 3 pods on 2 nodes get if the client uses both nodes equally?",
	workers: 2,
	changes: ({ workers }) => [
		{ externalTrafficPolicy: "Local", replicas: 3, echoNodes: workers.slice(0, 2).map(({ name }) => name) },
	],
	async measure(_, snapshot) {
		const entries = snapshot.nodes({ endpoints: true });
		const each = requests / entries.length;
		const predicted = new Map<string, number>();
		for (const entry of entries) {
			for (const { probability, end } of snapshot.journey(snapshot.outside, snapshot.addressOf(entry))) {
				if (end.kind !== "pod") continue;
				predicted.set(end.address, (predicted.get(end.address) ?? 0) + probability / entries.length);
			}
		}
		const results = await Promise.all(
			entries.map((entry) => snapshot.sendMany(snapshot.outside, snapshot.addressOf(entry), each)),
		);
		const counted = count(results.flat(), ({ podIp = "unanswered" }) => podIp);
		const { endpoints } = snapshot.objects;
		const names = entries.map(({ name }) => name);
		const [entry] = entries;
		return [
			{
				...shares(
					{ kind: "distribution", entries: names, replicas: endpoints.length, ownNode: false },
					predicted,
					counted,
					(ip) => endpoints.find((endpoint) => endpoint.ip === ip)?.node,
				),
				...(entry && { journey: snapshot.recordedJourney(snapshot.outside, snapshot.addressOf(entry)) }),
			},
		];
	},
};

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
	async measure(_, snapshot) {
		const entries = snapshot.nodes({ endpoints: true });
		const each = requests / entries.length;
		const predicted = new Map<string, number>();
		for (const entry of entries) {
			for (const { probability, end } of snapshot.ways(snapshot.outside, snapshot.url(entry))) {
				if (end.kind !== "pod") continue;
				const name = podName(snapshot, end.address);
				predicted.set(name, (predicted.get(name) ?? 0) + probability / entries.length);
			}
		}
		const answers = await Promise.all(
			entries.map((entry) => snapshot.askOften(snapshot.outside, snapshot.url(entry), each)),
		);
		const counted = count(answers.flat(), ({ podIp = "nobody" }) => podName(snapshot, podIp));
		const [entry] = entries;
		return [
			{
				...shares(`by turns to ${entries.map(({ name }) => name).join(" and ")}`, predicted, counted),
				...(entry && { path: snapshot.path(snapshot.outside, snapshot.url(entry)) }),
			},
		];
	},
};

/** "10.244.1.2 on nodeport-worker" */
function podName({ objects }: LabSnapshot, ip: string): string {
	const node = objects.endpoints.find((endpoint) => endpoint.ip === ip)?.node;
	return node ? `${ip} on ${node}` : ip;
}

import type { Experiment } from "./support/experiment.ts";
import { asPredicted } from "./support/findings.ts";

export const clientIpLost: Experiment = {
	name: "client-ip-lost",
	title: "The client's address is lost",
	question: "Does the pod see who asks?",
	workers: 1,
	changes: () => [{ externalTrafficPolicy: "Cluster" }, { externalTrafficPolicy: "Local" }],
	async measure(_, snapshot) {
		const { externalTrafficPolicy: policy } = snapshot.objects.service;
		const own = snapshot.host;
		return Promise.all(
			[snapshot.outside, snapshot.inside].map((client) => {
				const what = `policy ${policy}: ${client.name} (${client.place.ip}) asks the pod's own node ${own.name}`;
				return asPredicted(snapshot, client, snapshot.url(own), what);
			}),
		);
	},
};

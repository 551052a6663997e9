import type { Experiment } from "./support/experiment.ts";
import { asForetold } from "./support/findings.ts";

export const clientIpLost: Experiment = {
	name: "client-ip-lost",
	title: "The client's address is lost",
	question: "Does the pod see who asks?",
	workers: 1,
	changes: () => [{ externalTrafficPolicy: "Cluster" }, { externalTrafficPolicy: "Local" }],
	async measure(_, sight) {
		const { externalTrafficPolicy: policy } = sight.view.service;
		const own = sight.host;
		return Promise.all(
			[sight.outside, sight.inside].map((client) => {
				const what = `policy ${policy}: ${client.name} (${client.place.ip}) asks the pod's own node ${own.name}`;
				return asForetold(sight, client, sight.url(own), what);
			}),
		);
	},
};

import type { Experiment } from "./support/experiment.ts";
import { measureRequest } from "./support/measurements.ts";

export const clientIpLost: Experiment = {
	name: "client-ip-lost",
	title: "The client's IP address is lost",
	question: "Which client IP does the pod see?",
	workers: 1,
	changes: () => [{ externalTrafficPolicy: "Cluster" }, { externalTrafficPolicy: "Local" }],
	async measure(_, snapshot) {
		const { externalTrafficPolicy: policy } = snapshot.objects.service;
		const own = snapshot.host;
		return Promise.all(
			[snapshot.outside, snapshot.inside].map((client) => {
				const what = `policy ${policy}: ${client.name} (${client.place.ip}) to ${own.name}, the pod's own node`;
				return measureRequest(snapshot, client, snapshot.addressOf(own), what);
			}),
		);
	},
};

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
				const { ip } = client.place;
				return measureRequest(snapshot, client, own, { policy, condition: "ownNode", ...(ip && { clientIp: ip }) });
			}),
		);
	},
};

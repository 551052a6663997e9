import type { Measurement } from "./model.ts";
import type { Experiment, Lab } from "./support/experiment.ts";
import { extraService } from "./support/extraService.ts";
import { measureHealth } from "./support/healthCheckPorts.ts";
import type { LabSnapshot } from "./support/labSnapshot.ts";
import { measureRequest } from "./support/measurements.ts";

export const localBlackHoles: Experiment = {
	name: "local-black-holes",
	title: "With policy Local, nodes without a pod are black holes",
	question: "Which nodes drop requests, and how does a load balancer find out?",
	workers: 1,
	changes: () => [{ externalTrafficPolicy: "Local" }],
	async measure(lab, snapshot) {
		const requests = snapshot.objects.nodes.map((node) => measureRequest(snapshot, snapshot.outside, node));
		return [...(await Promise.all(requests)), ...(await healthChecks(lab, snapshot))];
	},
};

/** Only a Service of type LoadBalancer gets a health check port, so this needs another Service of the same pods. */
async function healthChecks(lab: Lab, snapshot: LabSnapshot): Promise<Measurement[]> {
	const { objects } = snapshot;
	const { spec } = await extraService(lab, snapshot, "health", {
		type: "LoadBalancer",
		externalTrafficPolicy: "Local",
	});
	const port = spec?.healthCheckNodePort ?? 0;
	return Promise.all(
		objects.nodes.map((node) => {
			const endpoints = objects.endpoints.filter((endpoint) => endpoint.node === node.name).length;
			return measureHealth(lab, snapshot, node, { port, endpoints });
		}),
	);
}

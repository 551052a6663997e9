import type { Finding } from "../report.ts";
import type { Experiment, Lab } from "./support/experiment.ts";
import { asPredicted, same } from "./support/findings.ts";
import type { LabSnapshot } from "./support/labSnapshot.ts";
import { extraService } from "./support/services.ts";
import { until } from "./support/until.ts";

export const localBlackHoles: Experiment = {
	name: "local-black-holes",
	title: "With policy Local, nodes without a pod are black holes",
	question: "Which nodes drop what they are sent, and who would tell a load balancer?",
	workers: 1,
	changes: () => [{ externalTrafficPolicy: "Local" }],
	async measure(lab, snapshot) {
		const asked = snapshot.objects.nodes.map((node) =>
			asPredicted(snapshot, snapshot.outside, snapshot.url(node), `${snapshot.outside.name} asks ${node.name}`),
		);
		return [...(await Promise.all(asked)), ...(await healthChecks(lab, snapshot))];
	},
};

/** Only a Service of type LoadBalancer gets a health check port: one beside the lab's, of the same pods. */
async function healthChecks(lab: Lab, snapshot: LabSnapshot): Promise<Finding[]> {
	const { objects } = snapshot;
	const { spec } = await extraService(lab, snapshot, "health", {
		type: "LoadBalancer",
		externalTrafficPolicy: "Local",
	});
	const port = spec?.healthCheckNodePort;
	return Promise.all(
		objects.nodes.map(async (node) => {
			const own = objects.endpoints.filter((endpoint) => endpoint.node === node.name).length;
			const told = await healthOf(lab, snapshot, `http://${node.internalIp}:${port}/healthz`, own);
			return same(`the health check node port ${port} of ${node.name}`, health(own), told);
		}),
	);
}

/** kube-proxy's answers: pkg/proxy/healthcheck/service_health.go. */
const health = (endpoints: number): string => `${endpoints > 0 ? 200 : 503}, ${endpoints} local endpoints`;

/** Once kube-proxy has heard of the Service. */
function healthOf(lab: Lab, { cluster, outside }: LabSnapshot, url: string, endpoints: number): Promise<string> {
	const program = ["curl", "--silent", "--max-time", "2", "--write-out", "\n%{http_code}", url];
	return until(lab, health(endpoints), 15, async () => {
		const { stdout } = await cluster.run(outside.run, program, 10);
		const local = /"localEndpoints": *(\d+)/.exec(stdout)?.[1];
		return local === undefined ? "no answer" : `${stdout.split("\n").at(-1)}, ${local} local endpoints`;
	});
}

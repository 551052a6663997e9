import type { MeasuredValue, Measurement } from "./model.ts";
import type { Experiment, Lab } from "./support/experiment.ts";
import { extraService } from "./support/extraService.ts";
import type { LabSnapshot } from "./support/labSnapshot.ts";
import { measureRequest, pollFor, same } from "./support/measurements.ts";

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
		objects.nodes.map(async (node) => {
			const own = objects.endpoints.filter((endpoint) => endpoint.node === node.name).length;
			const answer = await healthOf(lab, snapshot, `http://${node.internalIp}:${port}/healthz`, own);
			return same({ kind: "healthCheck", node: node.name, port }, health(own), answer);
		}),
	);
}

/** kube-proxy's answers: pkg/proxy/healthcheck/service_health.go. */
const health = (endpoints: number): MeasuredValue => ({
	kind: "health",
	status: endpoints > 0 ? 200 : 503,
	endpoints,
});

/** The health check's answer, once kube-proxy serves it. */
function healthOf(lab: Lab, { cluster, outside }: LabSnapshot, url: string, endpoints: number): Promise<MeasuredValue> {
	const program = ["curl", "--silent", "--max-time", "2", "--write-out", "\n%{http_code}", url];
	return pollFor(lab, health(endpoints), 45, async () => {
		const { stdout } = await cluster.run(outside.run, program, 10);
		const local = /"localEndpoints": *(\d+)/.exec(stdout)?.[1];
		if (local === undefined) return { kind: "noAnswer" };
		return { kind: "health", status: Number(stdout.split("\n").at(-1)), endpoints: Number(local) };
	});
}

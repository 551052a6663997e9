/** The health check node port of a Service of type LoadBalancer with policy Local. */
import type { Node } from "../../../kubernetes/model.ts";
import type { MeasuredSubject, MeasuredValue, Measurement } from "../model.ts";
import type { Lab } from "./experiment.ts";
import type { LabSnapshot } from "./labSnapshot.ts";
import { pollFor, same } from "./measurements.ts";

/** The Service's port for health checks, and the node's ready endpoints. */
interface Checked extends Pick<Extract<MeasuredSubject, { kind: "healthCheck" }>, "port" | "condition"> {
	endpoints: number;
}

/** Reads a node's health check, once kube-proxy serves it, until it is as expected. */
export async function measureHealth(
	lab: Lab,
	snapshot: LabSnapshot,
	node: Node,
	{ endpoints, ...about }: Checked,
): Promise<Measurement> {
	const url = `http://${node.internalIp}:${about.port}/healthz`;
	const answer = await healthOf(lab, snapshot, url, endpoints);
	return same({ kind: "healthCheck", node: node.name, ...about }, health(endpoints), answer);
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

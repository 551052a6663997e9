/** Asks kube-proxy on each node what a load balancer asks it. */
import pLimit from "p-limit";
import { hostAndPort } from "../../journey/destination.ts";
import type { PredictedRequest } from "../prediction/prediction.ts";
import { getStatus } from "./httpRequest.ts";
import type { ProbeResult } from "./measurement.ts";
import { compared, type Measured, probesAtOnce } from "./measureService.ts";

/** @param requests those of a healthCheckNodePort, as predicted */
export async function measureHealthChecks(client: string, requests: readonly PredictedRequest[]): Promise<Measured> {
	const results = await pLimit(probesAtOnce).map(requests, async ({ prediction: { target, ends } }) => {
		const { host = "", port = 0 } = hostAndPort(target.address) ?? {};
		return compared({ client, target, ends, ...(await ask(host, port)) });
	});
	return { ...results.reduce(joined, { measurements: [], findings: [] }), gaps: [] };
}

type Compared = ReturnType<typeof compared>;

const joined = (all: Compared, one: Compared): Compared => ({
	measurements: [...all.measurements, ...one.measurements],
	findings: [...all.findings, ...one.findings],
});

/** 200: "ok"; another status, such as 503: "http". */
async function ask(host: string, port: number): Promise<ProbeResult> {
	const { status, ...result } = await getStatus(host, port, "/");
	return status === undefined || status === 200 ? result : { observed: "http", detail: `status ${status}` };
}

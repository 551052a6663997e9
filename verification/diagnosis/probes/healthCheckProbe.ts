/** Asks kube-proxy on each node what a load balancer asks it. */
import { request } from "node:http";
import pLimit from "p-limit";
import { hostAndPort } from "../../journey/destination.ts";
import type { PredictedRequest } from "../prediction/prediction.ts";
import { errorResult } from "./hereProber.ts";
import { type ProbeResult, probeSeconds } from "./measurement.ts";
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
function ask(host: string, port: number): Promise<ProbeResult> {
	return new Promise((resolve) => {
		const asked = request({ host, port, path: "/", timeout: probeSeconds * 1000 }, (response) => {
			response.resume();
			const { statusCode } = response;
			resolve(statusCode === 200 ? { observed: "ok" } : { observed: "http", detail: `status ${statusCode}` });
		});
		asked.once("timeout", () => {
			resolve({ observed: "timeout" });
			asked.destroy();
		});
		asked.once("error", (error) => resolve(errorResult(error)));
		asked.end();
	});
}

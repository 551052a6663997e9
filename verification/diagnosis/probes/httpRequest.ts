/** An HTTP request from this machine. */
import { request } from "node:http";
import { errorResult } from "./hereProber.ts";
import { type ProbeResult, probeSeconds } from "./measurement.ts";

export type HttpResult = ProbeResult & { status?: number };

/** Any status counts as an answer. Redirects aren't followed. */
export function getStatus(host: string, port: number, path: string): Promise<HttpResult> {
	return new Promise((resolve) => {
		// An agent would keep the connection, and with it the chosen endpoint.
		const asked = request({ host, port, path, agent: false, timeout: probeSeconds * 1000 }, (response) => {
			response.resume();
			resolve({ observed: "ok", ...(response.statusCode !== undefined && { status: response.statusCode }) });
		});
		asked.once("timeout", () => {
			resolve({ observed: "timeout" });
			asked.destroy();
		});
		asked.once("error", (error) => resolve(errorResult(error)));
		asked.end();
	});
}

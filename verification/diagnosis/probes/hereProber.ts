/** Requests from this machine, which counts as a client outside the cluster. */
import { createSocket } from "node:dgram";
import { connect, isIPv6 } from "node:net";
import type { Family } from "../../../netfilter/model.ts";
import type { Outcome } from "../../model.ts";
import { type ProbeRequest, type ProbeResult, type Prober, probeSeconds } from "./measurement.ts";

/** @param addresses which the nodes see of this machine, by family */
export function hereAs(addresses: Record<Family, string>): Prober {
	return {
		name: "this machine",
		placeIn: (family) => ({ network: "outside", ip: addresses[family] }),
		sender: async (protocol) => (protocol === "udp" ? sendDatagram : connectTo),
		needs: () => [],
	};
}

const outcomes: Record<string, Outcome> = { ECONNREFUSED: "refused", ETIMEDOUT: "timeout" };

export function errorResult({ code = "", message }: NodeJS.ErrnoException): ProbeResult {
	const known = outcomes[code];
	return known ? { observed: known } : { observed: "other", detail: message };
}

/** Opens a TCP connection. */
function connectTo({ host, port }: ProbeRequest): Promise<ProbeResult> {
	return new Promise((resolve) => {
		const socket = connect({ host, port, timeout: probeSeconds * 1000 });
		const end = (result: ProbeResult) => {
			socket.destroy();
			resolve(result);
		};
		socket.once("connect", () => end({ observed: "ok" }));
		socket.once("timeout", () => end({ observed: "timeout" }));
		socket.once("error", (error) => end(errorResult(error)));
	});
}

/** Only a connected socket gets ICMP errors (man 7 udp). */
function sendDatagram({ host, port, payload }: ProbeRequest): Promise<ProbeResult> {
	return new Promise((resolve) => {
		const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
		const end = (result: ProbeResult) => {
			clearTimeout(timer);
			socket.close();
			resolve(result);
		};
		const timer = setTimeout(() => end({ observed: "silent" }), probeSeconds * 1000);
		socket.once("message", () => end({ observed: "ok" }));
		socket.once("error", (error) => end(errorResult(error)));
		socket.connect(port, host, () => socket.send(Buffer.from(payload, "latin1")));
	});
}

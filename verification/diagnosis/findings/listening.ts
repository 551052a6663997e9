/** Whether a process in a pod listens on the port that the Service sends packets to. */
import type { Family, Protocol } from "../../../netfilter/model.ts";
import type { WeighedFinding } from "../diagnosisFinding.ts";

/** A socket that waits for packets. */
export interface Listener {
	port: number;
	/** Whether it only gets packets for the pod's loopback address. */
	loopback: boolean;
	/** Of the socket: one of IPv6 mostly gets IPv4 packets too. */
	family: Family;
}

/** States in /proc/net/tcp and /proc/net/udp: TCP_LISTEN, and TCP_CLOSE for a UDP socket (include/net/tcp_states.h). */
const waiting = { tcp: "0A", udp: "07" };

/** The loopback addresses as the kernel prints them: in groups of 32 bits in the byte order of a little-endian machine. */
const isLoopback = (address: string): boolean =>
	address === "00000000000000000000000001000000" || /^(0{16}FFFF0000)?[0-9A-F]{6}7F$/.test(address);

/** Parses /proc/net/tcp, /proc/net/tcp6 or the same of udp, or several of them. */
export function parseListeners(text: string, protocol: "tcp" | "udp"): Listener[] {
	return text.split("\n").flatMap((line) => {
		const [, address, port, state] =
			line.match(/^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) /) ?? [];
		if (address === undefined || port === undefined || state !== waiting[protocol]) return [];
		return [
			{ port: Number.parseInt(port, 16), loopback: isLoopback(address), family: address.length > 8 ? "ipv6" : "ipv4" },
		];
	});
}

/**
 * @param only the family of the endpoint, if the Service has another one too
 * @param isRedirected whether rules in the pod's own network may send packets to another port, as those of a service mesh
 */
export function listeningFindings(
	pod: string,
	port: number,
	protocol: Protocol,
	listeners: readonly Listener[],
	isRedirected: boolean,
	only?: Family,
): WeighedFinding[] {
	// A socket of IPv4 gets no IPv6 packets.
	const able = listeners.filter(({ family }) => only !== "ipv6" || family === "ipv6");
	const own = able.filter((listener) => listener.port === port);
	if (own.some(({ loopback }) => !loopback)) return [];
	const reachable = able.filter(({ loopback }) => !loopback).map((listener) => listener.port);
	const listening = [...new Set(reachable)].sort((a, b) => a - b);
	const loopbackOnly = own.length > 0;
	const weight = isRedirected ? "suspect" : "cause";
	return [
		{
			weight,
			finding: { kind: "notListening", pod, port, protocol, ...(only && { family: only }), loopbackOnly, listening },
		},
	];
}

/** Compares what the kernel did with a packet and the predicted path. */

import { parseAddress, withPort } from "../../netfilter/address.ts";
import type { Path, RuleText } from "../../netfilter/model.ts";
import { Network } from "../../netfilter/node/hostNetwork.ts";
import { pointText } from "../../report/traceText.ts";
import { compare } from "../../verification/trace/compare.ts";
import type { Passage } from "../../verification/trace/parse.ts";
import { nodeNetwork } from "./machine/network.ts";
import type { Arrival, Probe } from "./machine/packets.ts";
import { rejections } from "./machine/rejections.ts";

/** What the kernel did with one packet. */
export interface Measured {
	passages: Passage[];
	ruleText: RuleText;
	arrivals: Arrival[];
	/** Whether the trace shows all rules. */
	isTraced: boolean;
}

/** Why the kernel's path isn't this one; undefined if it is. */
export function difference(path: Path, probe: Probe, measured: Measured): string | undefined {
	// The hops of a path whose result doesn't depend on an open condition may differ.
	if (!measured.isTraced || path.unevaluated) return outcomeDifference(path, probe, measured.arrivals);
	if (measured.passages.length === 0) return "the kernel traced nothing";
	const difference = compare([path], probe.packet, measured.passages, measured.ruleText);
	if (difference) {
		const [kernel, predicted] = [difference.kernel, difference.predicted].map(pointText);
		return `after ${difference.agreed} steps, kernel: ${kernel}; predicted: ${predicted}`;
	}
	return outcomeDifference(path, probe, measured.arrivals);
}

/** How the kernel answers a datagram to a port that no program listens on. */
const closedUdp = { ipv4: "icmp-port-unreachable", ipv6: "icmp6-port-unreachable" };

function outcomeDifference(path: Path, probe: Probe, arrivals: readonly Arrival[]): string | undefined {
	const delivered = path.outcome === "endpoint" || path.outcome === "untouched";
	// Packets that conntrack classes as invalid, such as a RST, aren't answered in a fixed way.
	if (probe.packet.ctstate === "INVALID" && !delivered) return undefined;
	const expected = expectedArrivals(path, probe);
	const isLoop = ({ side, kind }: Arrival) => side === "lo" && kind === "packet";
	// A packet that the node sends to itself always arrives on lo, even if it is dropped later.
	const seen = arrivals.filter((arrival) => delivered || !isLoop(arrival)).map(describedArrival);
	// They arrive on different interfaces, so their order has no meaning.
	const matches = seen.length === expected.length && expected.every((one) => seen.some((text) => one.test(text)));
	if (matches) return undefined;
	return `seen: ${seen.join("; ") || "nothing"}; expected: ${expected.map(String).join("; ") || "nothing"}`;
}

function describedArrival(arrival: Arrival): string {
	const { side, source } = arrival;
	if (arrival.kind === "icmp") return `icmp ${arrival.type}/${arrival.code}`;
	if (arrival.kind === "tcp-reset") return arrival.kind;
	return `${side} packet ${source} -> ${withPort(arrival.destination, arrival.destinationPort)}`;
}

function expectedArrivals(path: Path, { side, packet }: Probe): RegExp[] {
	if (path.outcome === "drop") return [];
	if (path.outcome === "reject") return [answer(path.rejectedWith ?? "")];
	const network = new Network(nodeNetwork(packet.family));
	const to = parseAddress(path.endpoint?.address ?? packet.destination);
	if (!to) throw new Error("the path has no address");
	const written = withPort(to, path.endpoint?.port ?? packet.destinationPort).replace(/[[\]]/g, "\\$&");
	const arrived = new RegExp(`^${network.interfaceTowards(to)} packet ${path.clientIp ?? "\\S+"} -> ${written}$`);
	if (!network.isLocal(to)) return [arrived];
	// No program listens on the node's ports, and a RST isn't answered.
	const closed = packet.protocol === "tcp" ? "tcp-reset" : closedUdp[packet.family];
	// IPv6 has no route from an address of another interface to ::1 (Ip6OutNoRoutes counts the answer).
	const isUnanswerable = path.clientIp === "::1" && to.range() !== "loopback";
	const answers = packet.ctstate === "INVALID" || isUnanswerable ? [] : [answer(closed)];
	return [...(side === "lo" ? [arrived] : []), ...answers];
}

function answer(rejectedWith: string): RegExp {
	const icmp = Object.values(rejections)
		.flat()
		.find(({ iptables }) => iptables === rejectedWith);
	return new RegExp(`^${icmp ? `icmp ${icmp.type}/${icmp.code}` : rejectedWith}$`);
}

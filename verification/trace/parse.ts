/**
 * Parses the output of `xtables-monitor --trace` and `nft monitor trace`: what the kernel did with packets that a rule
 * selected for tracing (TRACE, `meta nftrace set 1`). Lines that aren't understood are kept in `strangeLines`.
 * Sources: iptables/xtables-monitor.c of iptables, src/netlink.c of nftables, net/netfilter/nf_tables_trace.c of Linux.
 */
import type { Family } from "../../netfilter/model.ts";
import { headerOfNft, headerOfXtables, type PacketHeader } from "./header.ts";
import { type TraceStep, TraceVerdict } from "./model.ts";

export type { TraceStep, TraceVerdict } from "./model.ts";

/** The output of a monitor, in order. */
export interface Trace {
	passages: Passage[];
	/** Lines that are neither a packet nor a step of one. */
	strangeLines: string[];
}

/** A packet's steps through one base chain and the chains that it calls. The kernel shows the packet once, at the start. */
export interface Passage {
	/** The id in the kernel's messages: a hash of an address in memory, so a later packet may have the same one. */
	traceId: string;
	family: Family;
	packet: PacketHeader;
	steps: TraceStep[];
}

/** The content of one line. */
type Line = { traceId: string; family: Family } & ({ packet: PacketHeader } | { step: TraceStep });

/** @param text the output of `xtables-monitor --trace` of iptables 1.8 */
export const parseXtablesTrace = (text: string): Trace => gather(text, xtablesLine);

/** @param text the output of `nft monitor trace` of nftables 1.0 */
export const parseNftTrace = (text: string): Trace => gather(text, nftLine);

/** The passages of each packet, in the order in which the kernel first showed the packets. */
export function packetsOf({ passages }: Trace): Passage[][] {
	const packets: Passage[][] = [];
	const open = new Map<string, Passage[]>();
	for (const passage of passages) {
		// Unlike the trace id, the identification in the IP header stays the same through NAT and the loopback interface.
		const { identification, protocol, flags } = passage.packet;
		const key = [passage.family, protocol, ...flags, identification ?? passage.traceId].join(" ");
		const packet = open.get(key);
		// Linux sends packets over lo, and their repetitions, with identification 0. But no packet passes a base chain twice.
		if (packet && !packet.some((earlier) => baseChain(earlier) === baseChain(passage))) {
			packet.push(passage);
			continue;
		}
		const first = [passage];
		packets.push(first);
		open.set(key, first);
	}
	return packets;
}

const baseChain = ({ family, steps: [first] }: Passage): string => `${family} ${first?.table} ${first?.chain}`;

function gather(text: string, read: (line: string) => Line | undefined): Trace {
	const passages: Passage[] = [];
	const strangeLines: string[] = [];
	// The lines of packets on several processors are mixed. A step belongs to the last passage with its trace id.
	const open = new Map<string, Passage>();
	for (const printed of text.split("\n").filter((line) => line.trim() !== "")) {
		const line = read(printed);
		if (line && "packet" in line) {
			const { traceId, family, packet } = line;
			const passage = { traceId, family, packet, steps: [] };
			passages.push(passage);
			open.set(traceId, passage);
			continue;
		}
		const passage = line && open.get(line.traceId);
		if (passage) passage.steps.push(line.step);
		else strangeLines.push(printed);
	}
	return { passages, strangeLines };
}

/** The kernel's numbers of the families (NFPROTO_IPV4, NFPROTO_IPV6). */
const families: Record<string, Family> = { "2": "ipv4", "10": "ipv6" };

/**
 * "PACKET: 2 7848b687 IN=eth0 … SRC=10.244.3.2 DST=172.18.0.6 …"
 * " TRACE: 2 7848b687 nat:KUBE-NODEPORTS:rule:0x1b0:JUMP:KUBE-EXT-…  -4 -t nat -A KUBE-NODEPORTS …"
 * " TRACE: 2 7848b687 raw:PREROUTING:policy:ACCEPT"
 */
function xtablesLine(line: string): Line | undefined {
	const [, kind, number = "", traceId = "", rest = ""] = line.match(/^ ?(PACKET|TRACE): (\d+) ([0-9a-f]+) (.*)$/) ?? [];
	const family = families[number];
	if (!family) return undefined;
	if (kind === "PACKET") {
		const packet = headerOfXtables(rest);
		return packet && { traceId, family, packet };
	}
	const step = xtablesStep(rest);
	return step && { traceId, family, step };
}

/** NFT_RETURN, -5: xtables-monitor 1.8.9 has no name for it. */
const unnamedReturn = "0xfffffffb";

function xtablesStep(text: string): TraceStep | undefined {
	const [, table, chain, handle, verdictText, rule] =
		text.match(
			/^([^:\s]+):([^:\s]+):(?:rule:0x([0-9a-f]+)|policy|return):([A-Z]+(?::\S+)?|0x[0-9a-f]+)(?:\s+(\S.*?))?\s*$/,
		) ?? [];
	const verdict = toVerdict(verdictText === unnamedReturn ? "return" : verdictText?.replace(":", " "));
	if (table === undefined || chain === undefined || !verdict) return undefined;
	if (handle === undefined) return { table, chain, kind: text.includes(":policy:") ? "policy" : "return", ...verdict };
	return {
		table,
		chain,
		kind: "rule",
		...verdict,
		handle: Number.parseInt(handle, 16),
		...(rule !== undefined && { rule: rule.replace(/^-[46] -t \S+ (?=-A )/, "") }),
	};
}

/**
 * `trace id 5d5e3d5c ip kube-proxy nat-prerouting packet: iif "eth0" … ip saddr 10.244.3.2 …`
 * "trace id 5d5e3d5c ip kube-proxy nat-prerouting rule jump services (verdict jump services)"
 * "trace id 5d5e3d5c ip kube-proxy nat-prerouting verdict continue meta mark 0x00004000"
 * "trace id 5d5e3d5c ip kube-proxy nat-prerouting policy accept"
 */
function nftLine(line: string): Line | undefined {
	const [, traceId = "", tableFamily = "", table = "", chain = "", rest = ""] =
		line.match(/^trace id ([0-9a-f]+) (ip|ip6|inet) (\S+) (\S+) (.*)$/) ?? [];
	if (traceId === "") return undefined;
	if (rest.startsWith("packet: ")) {
		const packet = headerOfNft(rest);
		return packet && { traceId, family: packet.source.includes(":") ? "ipv6" : "ipv4", packet };
	}
	const step = nftStep(rest);
	return step && { traceId, family: tableFamily === "ip6" ? "ipv6" : "ipv4", step: { table, chain, ...step } };
}

function nftStep(text: string): Omit<TraceStep, "table" | "chain"> | undefined {
	const [, unknownHandle, rule = "", ofRule] =
		text.match(/^(?:unknown rule handle (\d+)|rule (.*)) \(verdict ([^()]+)\)\s*$/) ?? [];
	if (ofRule !== undefined) {
		const verdict = toVerdict(ofRule);
		if (!verdict) return undefined;
		if (unknownHandle !== undefined) return { kind: "rule", ...verdict, handle: Number(unknownHandle) };
		const [, plain = rule, handle] = rule.match(/^(.*) # handle (\d+)$/) ?? [];
		return { kind: "rule", ...verdict, rule: plain, ...(handle !== undefined && { handle: Number(handle) }) };
	}
	const [, kind, end, mark] = text.match(/^(policy|verdict) (.+?)(?: meta mark (0x[0-9a-f]+))?\s*$/) ?? [];
	const verdict = toVerdict(end);
	return verdict && { kind: kind === "policy" ? "policy" : "return", ...verdict, mark: Number(mark ?? 0) };
}

/** "JUMP KUBE-SERVICES", "accept". */
function toVerdict(text: string | undefined): { verdict: TraceVerdict; to?: string } | undefined {
	const [word = "", to] = (text ?? "").split(" ");
	const verdict = TraceVerdict.options.find((verdict) => verdict === word.toLowerCase());
	return verdict && { verdict, ...(to !== undefined && { to }) };
}

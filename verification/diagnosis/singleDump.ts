/** A packet's paths through the rules of one node, from files: without a cluster. */
import { parseAddress } from "../../netfilter/address.ts";
import { whyNotWhole } from "../../netfilter/iptables/completeness.ts";
import { type IptablesTables, parseIptablesSave } from "../../netfilter/iptables/parse.ts";
import { walkIptables } from "../../netfilter/iptables/walk.ts";
import type { NodeNetwork, Packet, Path, Protocol } from "../../netfilter/model.ts";
import { type NftablesRuleset, parseNftables } from "../../netfilter/nftables/parse.ts";
import { walkNftables } from "../../netfilter/nftables/walk.ts";
import { hostAndPort } from "../journey/destination.ts";
import { RefusedRequest } from "./requestProblem.ts";

export interface DumpRequest {
	nodeIp: string;
	from: string;
	/** "address:port" */
	to: string;
	protocol: Protocol;
	/** The name of the interface by which the packet arrives, if it is known. */
	inInterface?: string | undefined;
}

/** The rules of one node: iptables-save, or `nft -j list ruleset`, or both. */
export interface Dump {
	iptables?: IptablesTables;
	nftables?: NftablesRuleset;
}

/** @param files by path, what they contain. @throws if one is truncated or isn't a rule dump */
export function parseDump(files: readonly { path: string; text: string }[]): Dump {
	const dump: Dump = {};
	for (const { path, text } of files) {
		if (text.trimStart().startsWith("{")) dump.nftables = parsed(path, text, parseNftables);
		else {
			const why = whyNotWhole(text);
			if (why !== undefined) throw new RefusedRequest({ kind: "incompleteDump", path, why });
			dump.iptables = parsed(path, text, parseIptablesSave);
		}
	}
	return dump;
}

function parsed<T>(path: string, text: string, parse: (text: string) => T): T {
	try {
		return parse(text);
	} catch (error) {
		throw new RefusedRequest({ kind: "unparsedDump", path, why: (error as Error).message }, { cause: error });
	}
}

/** @throws if an address is invalid, or of another family than the rules */
export function walkDump({ iptables, nftables }: Dump, request: DumpRequest): { packet: Packet; paths: Path[] } {
	const packet = packetOf(request);
	const loopback = packet.family === "ipv4" ? "127.0.0.1" : "::1";
	const network: NodeNetwork = { node: request.nodeIp, localAddresses: [request.nodeIp, loopback] };
	if (nftables) return { packet, paths: walkNftables(nftables, packet, network, { ...(iptables && { iptables }) }) };
	if (!iptables) throw new RefusedRequest({ kind: "noDump" });
	return { packet, paths: walkIptables(iptables, packet, network) };
}

function packetOf({ nodeIp, from, to, protocol, inInterface }: DumpRequest): Packet {
	const target = hostAndPort(to);
	const destination = target && parseAddress(target.host);
	if (!destination) throw new RefusedRequest({ kind: "destination", value: to, isDump: true });
	const source = parseAddress(from);
	if (!source) throw new RefusedRequest({ kind: "address", option: "--from", value: from });
	const node = parseAddress(nodeIp);
	if (!node) throw new RefusedRequest({ kind: "address", option: "--node-ip", value: nodeIp });
	const isProcess = source.toString() === node.toString() || source.range() === "loopback";
	return {
		family: destination.kind(),
		protocol,
		source: source.toString(),
		destination: destination.toString(),
		destinationPort: target.port,
		received: !isProcess,
		...(inInterface !== undefined && !isProcess && { inInterface }),
		mark: 0,
		ctstate: "NEW",
	};
}

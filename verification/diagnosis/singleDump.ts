/** A packet's paths through the rules of one node, from files: without a cluster. */
import { parseAddress } from "../../netfilter/address.ts";
import { whyNotWhole } from "../../netfilter/iptables/completeness.ts";
import { type IptablesTables, parseIptablesSave } from "../../netfilter/iptables/parse.ts";
import type { Family, Packet, Path, Protocol } from "../../netfilter/model.ts";
import { type NftablesRuleset, parseNftables } from "../../netfilter/nftables/parse.ts";
import { walkNftables } from "../../netfilter/nftables/walk.ts";
import { hostAndPort } from "../journey/destination.ts";
import { isLegacy } from "../nodeRules/ruleOutputs.ts";
import { RefusedRequest } from "./requestProblem.ts";

export interface DumpRequest {
	/** The node's addresses, as far as they are known; the first one names it. */
	nodeIps: readonly string[];
	from: string;
	/** "address:port" */
	to: string;
	protocol: Protocol;
	/** The name of the interface by which the packet arrives, if it is known. */
	inInterface?: string | undefined;
}

/** The rules of one node: of iptables by family and back end, of nft, or of both. */
export interface Dump {
	iptables: Partial<Record<SaveKey, IptablesTables>>;
	nftables?: NftablesRuleset;
}

type SaveKey = `${Family} ${"nf_tables" | "legacy"}`;

/** @param files by path, what they contain. @throws if one is truncated, isn't a rule dump, or is of the same kind as another */
export function parseDump(files: readonly { path: string; text: string }[]): Dump {
	const dump: Dump = { iptables: {} };
	for (const { path, text } of files) {
		if (text.trimStart().startsWith("{")) {
			if (dump.nftables) throw new RefusedRequest({ kind: "secondDump", path, of: "nft" });
			dump.nftables = parsed(path, text, parseNftables);
			continue;
		}
		const why = whyNotWhole(text);
		if (why !== undefined) throw new RefusedRequest({ kind: "incompleteDump", path, why });
		const tables = parsed(path, text, parseIptablesSave);
		const key: SaveKey = `${tables.family} ${isLegacy({ text }) ? "legacy" : "nf_tables"}`;
		if (dump.iptables[key]) throw new RefusedRequest({ kind: "secondDump", path, of: key });
		dump.iptables[key] = tables;
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

/** @throws if an address is invalid, or no file has rules of its family */
export function walkDump(dump: Dump, request: DumpRequest): { packet: Packet; paths: Path[] } {
	const packet = packetOf(request);
	const { family } = packet;
	const loopback = family === "ipv4" ? "127.0.0.1" : "::1";
	const localAddresses = [...request.nodeIps, loopback];
	const network = { node: request.nodeIps[0] ?? "", localAddresses, hasOtherAddresses: true };
	const usual = dump.iptables[`${family} nf_tables`];
	const legacy = dump.iptables[`${family} legacy`];
	if (!dump.nftables && !usual && !legacy) throw new RefusedRequest({ kind: "noDump", family });
	const ruleset = dump.nftables ?? { tables: [], strangeObjects: [] };
	const tables = { ...(usual && { iptables: usual }), ...(legacy && { legacy }) };
	return { packet, paths: walkNftables(ruleset, packet, network, { affinity: "first", ...tables }) };
}

function packetOf({ nodeIps, from, to, protocol, inInterface }: DumpRequest): Packet {
	const target = hostAndPort(to);
	const destination = target && parseAddress(target.host);
	if (!destination) throw new RefusedRequest({ kind: "destination", value: to, isDump: true });
	const source = parseAddress(from);
	if (!source) throw new RefusedRequest({ kind: "address", option: "--from", value: from });
	const own = nodeIps.map((text) => {
		const address = parseAddress(text);
		if (!address) throw new RefusedRequest({ kind: "address", option: "--node-ip", value: text });
		return address.toString();
	});
	const isProcess = own.includes(source.toString()) || source.range() === "loopback";
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

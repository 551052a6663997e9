/** Effects of nftables statements on one packet that the JSON doesn't show. */
import type { Translation } from "../nat.ts";
import type { PacketState } from "../state.ts";
import type { Value } from "./conditions/values.ts";
import type { Statement } from "./statements.ts";

/**
 * Some statements apply to one protocol. nft adds a condition before them that it doesn't print: `reject with tcp reset` is
 * for TCP, `dnat ip to` in a table of family inet for IPv4.
 */
export function concerns(statement: Statement, { family, protocol }: PacketState): boolean {
	const ip = family === "ipv4" ? "ip" : "ip6";
	const icmp = family === "ipv4" ? "icmp" : "icmpv6";
	switch (statement.kind) {
		case "dnat":
		case "snat":
			return statement.family === undefined || statement.family === ip;
		case "reject":
			if (statement.type === "tcp reset") return protocol === "tcp";
			return statement.type === undefined || statement.type === "icmpx" || statement.type === icmp;
		default:
			return true;
	}
}

/** An address, a port, or both; undefined: anything else. */
export function translationOf(value: Value): Translation | undefined {
	if (value.kind === "number") return { port: value.value };
	if (value.kind === "address") {
		const [address, ...others] = value.candidates;
		return others.length === 0 ? { address } : undefined;
	}
	if (value.kind !== "concat") return undefined;
	const parts = value.parts.map(translationOf);
	return parts.includes(undefined) ? undefined : Object.assign({}, ...parts);
}

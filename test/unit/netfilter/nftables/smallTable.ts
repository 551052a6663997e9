/** Small tables of nftables, made for one point each, and walks through them. */
import type { Packet, Path } from "../../../../netfilter/model.ts";
import { parseNftables } from "../../../../netfilter/nftables/parse.ts";
import { walkNftables } from "../../../../netfilter/nftables/walk.ts";
import { fromOutside, worker3 } from "../fixtures.ts";

export type Json = Record<string, unknown>;

interface Base {
	type?: string;
	hook?: string;
	prio?: number;
	policy?: string;
}

/** A table: chains of the kernel with their properties and rules, other chains with rules alone, and sets. */
export function table(
	chains: Record<string, [Base, ...Json[][]] | Json[][]>,
	{ family = "ip", name = "t", sets = [] as Json[] } = {},
): Json[] {
	const entries = Object.entries(chains).map(([chain, [first, ...rest]]) => {
		const base = Array.isArray(first) ? undefined : { type: "filter", prio: 0, policy: "accept", ...first };
		return { chain, base, rules: (Array.isArray(first) ? [first, ...rest] : rest) as Json[][] };
	});
	return [
		{ table: { family, name } },
		...sets.map((set) => ({ [set.map === undefined ? "set" : "map"]: { family, table: name, ...set } })),
		...entries.map(({ chain, base }) => ({ chain: { family, table: name, name: chain, ...base } })),
		...entries.flatMap(({ chain, rules }) =>
			rules.map((expr, handle) => ({ rule: { family, table: name, chain, handle, expr } })),
		),
	];
}

export const walk = (objects: Json[], packet: Packet): Path[] =>
	walkNftables(parseNftables(JSON.stringify({ nftables: objects })), packet, worker3);

export const ends = (paths: Path[]) => paths.map(({ outcome }) => outcome);

export const toPod = fromOutside({ destination: "10.244.3.2", destinationPort: 8080 });

export const match = (left: unknown, right: unknown, op = "==") => ({ match: { op, left, right } });
export const ip = (field: string) => ({ payload: { protocol: "ip", field } });
export const port = (protocol: string, field = "dport") => ({ payload: { protocol, field } });
export const meta = (key: string) => ({ meta: { key } });
export const ct = (key: string) => ({ ct: { key } });
export const fib = (flag: string) => ({ fib: { result: "type", flags: [flag] } });
export const random = (mod: number, offset = 0) => ({ numgen: { mode: "random", mod, offset } });
export const drop = { drop: null };
export const accept = { accept: null };

export const forward = (...rules: Json[][]) => table({ f: [{ hook: "forward" }, ...rules] });

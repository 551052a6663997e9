/** Parses the expressions of nftables rules from the JSON of `nft -j` (schema: man libnftables-json). */

export type Expression =
	/** An address, a port, the name of a protocol, a state or an interface, a mark. */
	| { kind: "literal"; value: string | number }
	| { kind: "payload"; protocol: string; field: string }
	| { kind: "meta"; key: string }
	/** `direction`: the addresses of the connection's original or reply packets. */
	| { kind: "ct"; key: string; direction?: string }
	/** A header or an option that packets of a walk don't have, such as IPv6 extensions; without a field, whether it exists. */
	| { kind: "extension"; json: unknown; hasField: boolean }
	/** An option or a part of packets of one protocol; without a field, whether it exists. */
	| { kind: "option"; protocol: string; json: unknown; hasField: boolean }
	| { kind: "fib"; result: string; flags: string[] }
	| { kind: "concat"; parts: Expression[] }
	| { kind: "prefix"; address: string; bits: number }
	| { kind: "range"; first: Expression; last: Expression }
	/** Several bits of a state: "established,related". */
	| { kind: "list"; values: Expression[] }
	| { kind: "binary"; operator: "&" | "|" | "^"; left: Expression; right: Expression }
	| { kind: "random"; modulus: number; offset: number }
	/** A counter of packets, or a hash of the packet with an unknown seed: one of as many numbers. */
	| { kind: "hash"; json: unknown; modulus: number; offset: number }
	| { kind: "map"; key: Expression; data: Expression }
	/** A set or a map without a name. */
	| { kind: "set"; content: Elements }
	/** A named set or map: "@service-nodeports". */
	| { kind: "reference"; name: string }
	| { kind: "unknown"; json: unknown };

/** An element of a set, or of a map with its value. */
export interface Element {
	key: Expression;
	value?: Expression | Verdict;
	comment?: string;
}

export type Verdict =
	| { kind: "verdict"; verdict: "accept" | "drop" | "continue" | "return" }
	| { kind: "verdict"; verdict: "jump" | "goto"; chain: string };

type Json = Record<string, unknown>;

export const isObject = (json: unknown): json is Json =>
	typeof json === "object" && json !== null && !Array.isArray(json);

/** Never fails: what isn't understood becomes an expression of kind "unknown". */
export function parseExpression(json: unknown): Expression {
	if (typeof json === "string") {
		return json.startsWith("@") ? { kind: "reference", name: json.slice(1) } : { kind: "literal", value: json };
	}
	if (typeof json === "number") return { kind: "literal", value: json };
	if (typeof json === "boolean") return { kind: "literal", value: json ? 1 : 0 };
	if (Array.isArray(json)) return { kind: "list", values: json.map(parseExpression) };
	const [name, ...others] = isObject(json) ? Object.keys(json) : [];
	const parse = name !== undefined && others.length === 0 ? parsers[name] : undefined;
	return parse?.((json as Json)[name ?? ""]) ?? { kind: "unknown", json };
}

/** By the one key of the JSON object; undefined: not understood. */
const parsers: Record<string, (json: unknown) => Expression | undefined> = {
	payload: (json) =>
		isObject(json) && typeof json.protocol === "string" && typeof json.field === "string"
			? { kind: "payload", protocol: json.protocol, field: json.field }
			: undefined,
	meta: (json) => (isObject(json) && typeof json.key === "string" ? { kind: "meta", key: json.key } : undefined),
	ct: (json) =>
		isObject(json) && typeof json.key === "string"
			? { kind: "ct", key: json.key, ...(typeof json.dir === "string" && { direction: json.dir }) }
			: undefined,
	exthdr: (json) => (isObject(json) ? { kind: "extension", json, hasField: json.field !== undefined } : undefined),
	"ip option": (json) => (isObject(json) ? { kind: "extension", json, hasField: json.field !== undefined } : undefined),
	"tcp option": (json) => option("tcp", json),
	"sctp chunk": (json) => option("sctp", json),
	"dccp option": (json) => option("dccp", json),
	fib: (json) =>
		isObject(json) && typeof json.result === "string"
			? { kind: "fib", result: json.result, flags: [json.flags].flat().map(String) }
			: undefined,
	concat: (json) => (Array.isArray(json) ? { kind: "concat", parts: json.map(parseExpression) } : undefined),
	prefix: (json) =>
		isObject(json) && typeof json.addr === "string" && typeof json.len === "number"
			? { kind: "prefix", address: json.addr, bits: json.len }
			: undefined,
	range: (json) =>
		Array.isArray(json) && json.length === 2
			? { kind: "range", first: parseExpression(json[0]), last: parseExpression(json[1]) }
			: undefined,
	"&": (json) => binary("&", json),
	"|": (json) => binary("|", json),
	"^": (json) => binary("^", json),
	numgen: (json) => {
		if (!isObject(json) || typeof json.mod !== "number") return undefined;
		const numbers = { modulus: json.mod, offset: Number(json.offset ?? 0) };
		return json.mode === "random"
			? { kind: "random", ...numbers }
			: { kind: "hash", json: { numgen: json }, ...numbers };
	},
	jhash: (json) => hash("jhash", json),
	symhash: (json) => hash("symhash", json),
	map: (json) =>
		isObject(json) ? { kind: "map", key: parseExpression(json.key), data: parseExpression(json.data) } : undefined,
	set: (json) => (Array.isArray(json) ? { kind: "set", content: new Elements(json) } : undefined),
	elem: (json) => (isObject(json) ? parseExpression(json.val) : undefined),
};

function option(protocol: string, json: unknown): Expression | undefined {
	return isObject(json) ? { kind: "option", protocol, json, hasField: json.field !== undefined } : undefined;
}

function hash(name: string, json: unknown): Expression | undefined {
	if (!isObject(json) || typeof json.mod !== "number") return undefined;
	return { kind: "hash", json: { [name]: json }, modulus: json.mod, offset: Number(json.offset ?? 0) };
}

function binary(operator: "&" | "|" | "^", json: unknown): Expression | undefined {
	if (!Array.isArray(json) || json.length < 2) return undefined;
	const [first, ...rest] = json.map(parseExpression);
	return rest.reduce<Expression | undefined>((left, right) => left && { kind: "binary", operator, left, right }, first);
}

/** The elements of a set or a map, parsed on first use: a node with many Services has maps with tens of thousands. */
export class Elements {
	private readonly json: readonly unknown[];
	private parsed: readonly Element[] | undefined;

	constructor(json: readonly unknown[]) {
		this.json = json;
	}

	get all(): readonly Element[] {
		this.parsed ??= this.json.map(parseElement);
		return this.parsed;
	}
}

/** `key`, or in a map `[key, value]`; a key with a comment or a timeout is in `{"elem": {"val": key, …}}`. */
function parseElement(json: unknown): Element {
	const [key, value] = Array.isArray(json) ? json : [json, undefined];
	const details = isObject(key) && isObject(key.elem) ? key.elem : undefined;
	return {
		key: parseExpression(key),
		...(value !== undefined && { value: parseVerdict(value) ?? parseExpression(value) }),
		...(typeof details?.comment === "string" && { comment: details.comment }),
	};
}

/** undefined: it isn't a verdict. */
export function parseVerdict(json: unknown): Verdict | undefined {
	if (!isObject(json)) return undefined;
	for (const verdict of ["accept", "drop", "continue", "return"] as const) {
		if (verdict in json) return { kind: "verdict", verdict };
	}
	for (const verdict of ["jump", "goto"] as const) {
		const call = json[verdict];
		if (isObject(call) && typeof call.target === "string") return { kind: "verdict", verdict, chain: call.target };
	}
	return undefined;
}

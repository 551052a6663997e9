/** Statements of nftables' rules, from the JSON of `nft -j` (schema: man libnftables-json). */
import { type Expression, isObject, parseExpression, parseVerdict, type Verdict } from "./expressions.ts";

export type Statement =
	| { kind: "match"; operator: string; left: Expression; right: Expression }
	| Verdict
	/** A map of verdicts. */
	| { kind: "vmap"; key: Expression; data: Expression }
	| { kind: "mark"; value: Expression }
	| { kind: "dnat" | "snat"; family?: string; address?: Expression; port?: Expression; flags: string[] }
	| { kind: "masquerade"; flags: string[] }
	/** As nft names it; without them, the family's port-unreachable. */
	| { kind: "reject"; type?: string; code?: string }
	| { kind: "notrack" }
	/** Puts a value into a named set. */
	| { kind: "update"; operation: string; set: string; value: Expression }
	| { kind: "counter"; packets: number; bytes: number }
	/** Looks at the packet, or changes what no rule sees, and lets it go on. */
	| { kind: "observe"; json: unknown }
	/** A target or a match of iptables, of which nft tells no more than the name. */
	| { kind: "xt"; type: string; name: string }
	| { kind: "unknown"; json: unknown };

/** Never fails: what is not understood becomes a statement of kind "unknown". */
export function parseStatement(json: unknown): Statement {
	const verdict = parseVerdict(json);
	if (verdict) return verdict;
	const [name, ...others] = isObject(json) ? Object.keys(json) : [];
	const parse = name !== undefined && others.length === 0 ? parsers[name] : undefined;
	return parse?.((json as Record<string, unknown>)[name ?? ""], json) ?? { kind: "unknown", json };
}

/** By the one key of the JSON object; undefined: not understood. */
const parsers: Record<string, (json: unknown, whole: unknown) => Statement | undefined> = {
	match: (json) =>
		isObject(json) && typeof json.op === "string"
			? { kind: "match", operator: json.op, left: parseExpression(json.left), right: parseExpression(json.right) }
			: undefined,
	vmap: (json) =>
		isObject(json) ? { kind: "vmap", key: parseExpression(json.key), data: parseExpression(json.data) } : undefined,
	mangle,
	dnat: (json) => translation("dnat", json),
	snat: (json) => translation("snat", json),
	masquerade: (json) => {
		if (json === null) return { kind: "masquerade", flags: [] };
		if (!isObject(json) || json.port !== undefined) return undefined;
		return { kind: "masquerade", flags: flagsOf(json.flags) };
	},
	reject: (json) => {
		if (json === null) return { kind: "reject" };
		if (!isObject(json) || typeof json.type !== "string") return undefined;
		return { kind: "reject", type: json.type, ...(typeof json.expr === "string" && { code: json.expr }) };
	},
	notrack: () => ({ kind: "notrack" }),
	set: (json) => {
		if (!isObject(json) || typeof json.set !== "string" || typeof json.op !== "string") return undefined;
		return { kind: "update", operation: json.op, set: json.set.slice(1), value: parseExpression(json.elem) };
	},
	counter: (json) =>
		isObject(json)
			? { kind: "counter", packets: Number(json.packets ?? 0), bytes: Number(json.bytes ?? 0) }
			: undefined,
	log: (_, whole) => ({ kind: "observe", json: whole }),
	xt: (json) =>
		isObject(json) && typeof json.type === "string" && typeof json.name === "string"
			? { kind: "xt", type: json.type, name: json.name }
			: undefined,
};

/** Fields of connections and packets that no rule of a walk asks for with success, so that changing them is harmless. */
function mangle(json: unknown, whole: unknown): Statement | undefined {
	if (!isObject(json) || !isObject(json.key) || !isObject(json.key.meta)) return undefined;
	if (json.key.meta.key === "mark") return { kind: "mark", value: parseExpression(json.value) };
	return json.key.meta.key === "nftrace" ? { kind: "observe", json: whole } : undefined;
}

function translation(kind: "dnat" | "snat", json: unknown): Statement | undefined {
	if (!isObject(json)) return undefined;
	const flags = flagsOf(json.flags);
	// Which source port the kernel draws is not known.
	if (kind === "snat" && flags.some((flag) => flag.includes("random"))) return undefined;
	return {
		kind,
		...(typeof json.family === "string" && { family: json.family }),
		...(json.addr !== undefined && { address: parseExpression(json.addr) }),
		...(json.port !== undefined && { port: parseExpression(json.port) }),
		flags,
	};
}

const flagsOf = (json: unknown): string[] => (json === undefined ? [] : [json].flat().map(String));

/** Parses the statements of nftables rules from the JSON of `nft -j` (schema: man libnftables-json). */
import { type Expression, isObject, parseExpression, parseVerdict, type Verdict } from "./expressions.ts";

export type Statement =
	| { kind: "match"; operator: string; left: Expression; right: Expression }
	| Verdict
	/** A map of verdicts. */
	| { kind: "vmap"; key: Expression; data: Expression }
	| { kind: "mark" | "connection-mark"; value: Expression }
	| { kind: "dnat" | "snat"; family?: string; address?: Expression; port?: Expression; flags: string[] }
	| { kind: "masquerade"; port?: Expression; flags: string[] }
	| { kind: "redirect"; port?: Expression; flags: string[] }
	/** As nft names it; without type and code, the family's port-unreachable. */
	| { kind: "reject"; type?: string; code?: string }
	| { kind: "notrack" }
	/** Adds a value to a named set. */
	| { kind: "update"; operation: string; set: string; value: Expression }
	| { kind: "counter"; packets: number; bytes: number }
	/** Ends the rule for packets above (or below) a limit: how many came before isn't known. */
	| { kind: "limit"; json: unknown }
	/** Lets the packet pass, and changes only what no supported condition sees. */
	| { kind: "observe"; json: unknown }
	/** A target or a match of iptables, of which nft shows only the name. */
	| { kind: "xt"; type: string; name: string }
	| { kind: "unknown"; json: unknown };

/** Never fails: what isn't understood becomes a statement of kind "unknown". */
export function parseStatement(json: unknown): Statement {
	const verdict = parseVerdict(json);
	if (verdict) return verdict;
	if (typeof json === "string") return parseText(json);
	const [name, ...others] = isObject(json) ? Object.keys(json) : [];
	const parse = name !== undefined && others.length === 0 ? parsers[name] : undefined;
	return parse?.((json as Record<string, unknown>)[name ?? ""], json) ?? { kind: "unknown", json };
}

/** What nft can't print as JSON is a text: up to 1.0.6, the statements that change maps. */
function parseText(text: string): Statement {
	const [, operation = "", set] = text.match(/^(add|update|delete) @(\S+) \{/) ?? [];
	if (set === undefined) return { kind: "unknown", json: text };
	return isCounted(text) ? { kind: "limit", json: text } : changedMap(operation, set);
}

/** Whether a statement ends the rule as its limit does: `add @set { ip saddr limit rate … }`. */
const isCounted = (statements: unknown): boolean =>
	/"(limit|quota|ct count)"| (limit rate|quota|ct count) /.test(JSON.stringify(statements) ?? "");

/** Whatever the key is, the map isn't known any more. */
const changedMap = (operation: string, set: string): Statement => ({
	kind: "update",
	operation,
	set,
	value: { kind: "unknown", json: set },
});

type Parse = (json: unknown, whole: unknown) => Statement | undefined;

const observe: Parse = (_, json) => ({ kind: "observe", json });
const limit: Parse = (_, json) => ({ kind: "limit", json });

/** By the one key of the JSON object; undefined: not understood. */
const parsers: Record<string, Parse> = {
	match: (json) =>
		isObject(json) && typeof json.op === "string"
			? { kind: "match", operator: json.op, left: parseExpression(json.left), right: parseExpression(json.right) }
			: undefined,
	vmap: (json) =>
		isObject(json) ? { kind: "vmap", key: parseExpression(json.key), data: parseExpression(json.data) } : undefined,
	mangle,
	dnat: (json) => translation("dnat", json),
	snat: (json) => translation("snat", json),
	masquerade: (json) => local("masquerade", json),
	redirect: (json) => local("redirect", json),
	reject: (json) => {
		if (json === null) return { kind: "reject" };
		if (!isObject(json) || typeof json.type !== "string") return undefined;
		return { kind: "reject", type: json.type, ...(typeof json.expr === "string" && { code: json.expr }) };
	},
	notrack: () => ({ kind: "notrack" }),
	set: (json) => {
		if (!isObject(json) || typeof json.set !== "string" || typeof json.op !== "string") return undefined;
		if (isCounted(json.stmt)) return { kind: "limit", json: { set: json } };
		return { kind: "update", operation: json.op, set: json.set.slice(1), value: parseExpression(json.elem) };
	},
	map: (json) =>
		isObject(json) && typeof json.map === "string" && typeof json.op === "string"
			? changedMap(json.op, json.map.slice(1))
			: undefined,
	// A named counter is a string.
	counter: (json, whole) =>
		isObject(json)
			? { kind: "counter", packets: Number(json.packets ?? 0), bytes: Number(json.bytes ?? 0) }
			: { kind: "observe", json: whole },
	log: observe,
	last: observe,
	flow: observe,
	dup: observe,
	// Removes an option of TCP.
	reset: observe,
	secmark: observe,
	"ct helper": observe,
	"ct timeout": observe,
	"ct expectation": observe,
	limit,
	// The old form of `add @set { … limit rate … }`.
	meter: (json, whole) =>
		isObject(json) && isCounted(json.stmt) ? { kind: "limit", json: whole } : { kind: "observe", json: whole },
	quota: limit,
	"ct count": limit,
	xt: (json) =>
		isObject(json) && typeof json.type === "string" && typeof json.name === "string"
			? { kind: "xt", type: json.type, name: json.name }
			: undefined,
};

/** Changing other fields of these headers would change where the packet goes, or what conditions see. */
const harmlessFields = new Set(["dscp", "ecn", "flowlabel", "id", "checksum", "window", "priority"]);
const harmlessMeta = new Set(["nftrace", "priority", "secmark", "cgroup"]);
/** A new connection is new in every zone. */
const harmlessConnection = new Set(["label", "event", "helper", "timeout", "secmark", "zone"]);

function mangle(json: unknown, whole: unknown): Statement | undefined {
	if (!isObject(json) || !isObject(json.key)) return undefined;
	const { meta, ct, payload } = json.key;
	const value = () => parseExpression(json.value);
	const pass = (harmless: boolean): Statement | undefined => (harmless ? { kind: "observe", json: whole } : undefined);
	if (isObject(meta))
		return meta.key === "mark" ? { kind: "mark", value: value() } : pass(harmlessMeta.has(`${meta.key}`));
	if (isObject(ct)) {
		return ct.key === "mark" ? { kind: "connection-mark", value: value() } : pass(harmlessConnection.has(`${ct.key}`));
	}
	if (isObject(payload)) {
		// With a lower one, the kernel doesn't forward the packet.
		const isLifetime = payload.field === "ttl" || payload.field === "hoplimit";
		return pass(isLifetime ? Number(json.value) > 1 : harmlessFields.has(`${payload.field}`));
	}
	return pass("tcp option" in json.key);
}

function translation(kind: "dnat" | "snat", json: unknown): Statement | undefined {
	if (!isObject(json)) return undefined;
	return {
		kind,
		...(typeof json.family === "string" && { family: json.family }),
		...(json.addr !== undefined && { address: parseExpression(json.addr) }),
		...(json.port !== undefined && { port: parseExpression(json.port) }),
		flags: flagsOf(json.flags),
	};
}

function local(kind: "masquerade" | "redirect", json: unknown): Statement | undefined {
	if (json === null) return { kind, flags: [] };
	if (!isObject(json)) return undefined;
	return { kind, ...(json.port !== undefined && { port: parseExpression(json.port) }), flags: flagsOf(json.flags) };
}

const flagsOf = (json: unknown): string[] => (json === undefined ? [] : [json].flat().map(String));

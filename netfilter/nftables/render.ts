/** Prints nftables rules as `nft list ruleset` does, from the parsed JSON: one dump is enough for both. */

import type { IptablesTables } from "../iptables/parse.ts";
import type { Family, RuleText } from "../model.ts";
import type { Element, Expression, Verdict } from "./expressions.ts";
import type { NftablesRuleset, Rule } from "./parse.ts";
import type { Statement } from "./statements.ts";

export function renderRule({ statements, comment }: Rule): string {
	const parts = statements.map(renderStatement);
	return [...parts, ...(comment === undefined ? [] : [`comment "${comment}"`])].join(" ");
}

/** "tcp . 30040 : goto external-…" */
export function renderElement({ key, value, comment }: Element): string {
	const described = comment === undefined ? render(key) : `${render(key)} comment "${comment}"`;
	if (value === undefined) return described;
	return `${described} : ${value.kind === "verdict" ? renderVerdict(value) : render(value)}`;
}

function renderStatement(statement: Statement): string {
	switch (statement.kind) {
		case "match":
			return renderMatch(statement);
		case "verdict":
			return renderVerdict(statement);
		case "vmap":
			return `${render(statement.key)} vmap ${render(statement.data)}`;
		case "mark":
			return `meta mark set ${renderMark(statement.value)}`;
		case "connection-mark":
			return `ct mark set ${renderMark(statement.value)}`;
		case "dnat":
		case "snat":
			return renderTranslation(statement);
		case "masquerade":
		case "redirect": {
			const port = statement.port === undefined ? "" : ` to :${render(statement.port)}`;
			return [`${statement.kind}${port}`, ...statement.flags].join(" ");
		}
		case "reject":
			return renderReject(statement);
		case "notrack":
			return "notrack";
		case "update":
			return `${statement.operation} @${statement.set} { ${render(statement.value)} }`;
		case "counter":
			return `counter packets ${statement.packets} bytes ${statement.bytes}`;
		case "xt":
			return `xt ${statement.type} "${statement.name}"`;
		case "limit":
		case "observe":
		case "unknown":
			return JSON.stringify(statement.json);
	}
}

function renderMatch({ operator, left, right }: Extract<Statement, { kind: "match" }>): string {
	// nft omits the default operator.
	const isPlain = operator === "in" || (operator === "==" && left.kind !== "binary");
	const sign = isPlain ? "" : `${operator} `;
	return `${render(left)} ${sign}${isMark(left) ? renderMark(right) : render(right)}`;
}

function renderVerdict(verdict: Verdict): string {
	return "chain" in verdict ? `${verdict.verdict} ${verdict.chain}` : verdict.verdict;
}

/** A map gives address and port together, which nft before 1.0.7 doesn't print. */
function renderTranslation(statement: Extract<Statement, { kind: "dnat" | "snat" }>): string {
	const { kind, family, address, port, flags } = statement;
	const both = address?.kind === "map" ? " addr . port" : "";
	const host = address === undefined ? "" : render(address);
	const bracketed = host.includes(":") && port !== undefined ? `[${host}]` : host;
	const target = port === undefined ? host : `${bracketed}:${render(port)}`;
	return [`${kind}${family === undefined ? "" : ` ${family}`}${both} to ${target}`, ...flags].join(" ");
}

function renderReject({ type, code }: { type?: string; code?: string }): string {
	if (type === undefined || code === "port-unreachable") return "reject";
	return `reject with ${type}${code === undefined ? "" : ` ${code}`}`;
}

const isMark = (expression: Expression): boolean =>
	expression.kind === "binary" ? isMark(expression.left) : expression.kind === "meta" && expression.key === "mark";

/** Marks have 8 hexadecimal digits. */
function renderMark(expression: Expression): string {
	if (expression.kind === "binary")
		return `${render(expression.left)} ${expression.operator} ${renderMark(expression.right)}`;
	if (expression.kind !== "literal" || typeof expression.value !== "number") return render(expression);
	return `0x${expression.value.toString(16).padStart(8, "0")}`;
}

/** Keys of meta that nft prints without "meta". */
const plainKeys = new Set(["iif", "iifname", "oif", "oifname"]);

function render(expression: Expression): string {
	switch (expression.kind) {
		case "literal":
			return String(expression.value);
		case "payload":
			return `${expression.protocol} ${expression.field}`;
		case "meta":
			return plainKeys.has(expression.key) ? expression.key : `meta ${expression.key}`;
		case "ct":
			return ["ct", expression.direction, expression.key].filter((word) => word !== undefined).join(" ");
		case "fib":
			return `fib ${expression.flags.join(" . ")} ${expression.result}`;
		case "concat":
			return expression.parts.map(render).join(" . ");
		case "prefix":
			return `${expression.address}/${expression.bits}`;
		case "range":
			return `${render(expression.first)}-${render(expression.last)}`;
		case "list":
			return expression.values.map(render).join(",");
		case "binary":
			return isMark(expression)
				? renderMark(expression)
				: `${render(expression.left)} ${expression.operator} ${render(expression.right)}`;
		case "random":
			return `numgen random mod ${expression.modulus}${expression.offset === 0 ? "" : ` offset ${expression.offset}`}`;
		case "map":
			return `${render(expression.key)} map ${render(expression.data)}`;
		case "set":
			return `{ ${expression.content.all.map(renderElement).join(", ")} }`;
		case "reference":
			return `@${expression.name}`;
		case "extension":
		case "option":
		case "hash":
		case "unknown":
			return JSON.stringify(expression.json);
	}
}

/**
 * For traces of `nft -a monitor trace`. Finds rules by their handle, because counters and versions of nft change the text.
 * @param iptables the tables that iptables keeps in nftables, which are walked as iptables-save prints them; both list a
 * chain's rules in the same order
 */
export function ruleOfNftables({ tables }: NftablesRuleset, iptables?: IptablesTables): RuleText {
	return ({ table, chain, handle }, family) => {
		const inFamily = tables.filter(({ name, family: own }) => name === table && tableFamilies[family].includes(own));
		const rules = inFamily.flatMap(({ chains }) => chains.get(chain)?.rules ?? []);
		const index = rules.findIndex((rule) => rule.handle === handle);
		const rule = rules[index];
		const kept = iptables?.family === family ? iptables.tables.get(table)?.chains.get(chain)?.rules[index] : undefined;
		return rule && (kept?.text ?? renderRule(rule));
	};
}

const tableFamilies: Record<Family, string[]> = { ipv4: ["ip", "inet"], ipv6: ["ip6", "inet"] };

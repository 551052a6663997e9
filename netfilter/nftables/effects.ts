/** What nftables statements change: marks, NAT, and sets. */
import { type Address, addressesFrom, parseAddress, parseRange, withPort } from "../address.ts";
import { hasConnection } from "../packet/conntrack.ts";
import {
	type Destination,
	destinationsOf,
	mapNetwork,
	masquerade,
	redirect,
	type Translation,
	translateDestination,
	translateSource,
} from "../packet/nat.ts";
import { allBits, type PacketState } from "../packet/state.ts";
import { changedSet } from "./conditions/evaluator.ts";
import { numberOf, type Value } from "./conditions/values.ts";
import type { Expression } from "./expressions.ts";
import { endpointOf } from "./nftablesChainNames.ts";
import { ended, type Fork, type Outcome, outcomesOf, type RuleContext, reasonOf } from "./ruleContext.ts";
import type { Statement } from "./statements.ts";

type Of<Kind extends Statement["kind"]> = Extract<Statement, { kind: Kind }>;

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

export const setMark = (context: RuleContext, expression: Expression): Outcome[] | Fork =>
	outcomesOf(context.evaluator.valuesOf(expression), (value) => {
		if (value.kind === "absent") return ended(context.state, "continue");
		const mark = numberOf(value);
		if (mark !== undefined) return context.act({ effect: "mark", mark }, "next", {}, { mark, knownMark: allBits });
		const { value: bits, known } = value.kind === "masked" ? value : { value: 0, known: 0 };
		return ended({ ...context.state, mark: bits, knownMark: known, hasUnknownMarks: true }, "next");
	});

/** Without a connection it does nothing (nft_ct_set_eval in net/netfilter/nft_ct.c). */
export const setConnectionMark = ({ state, evaluator }: RuleContext, expression: Expression): Outcome[] | Fork =>
	outcomesOf(evaluator.valuesOf(expression), (value) => {
		if (value.kind === "absent") return ended(state, "continue");
		const marked = { ...state, conntrack: { ...state.conntrack, mark: numberOf(value) } };
		return ended(hasConnection(state) ? marked : state, "next");
	});

/** From a range the kernel chooses one address and one port; from a map, the packet decides or chance does. */
export function translate(context: RuleContext, statement: Of<"dnat" | "snat">): Outcome[] | Fork {
	const chosen = rangesOf(statement);
	if (chosen) return translateTo(context, statement, chosen);
	if (statement.address?.kind === "prefix" || statement.flags.includes("netmap"))
		return [mapPrefix(context, statement)];
	const parts = [statement.address, statement.port].filter((part) => part !== undefined);
	return outcomesOf(context.evaluator.valuesOf({ kind: "concat", parts }), (value) => {
		if (value.kind === "absent") return ended(context.state, "continue");
		const to = translationOf(value);
		const [only] = to ? translated(context, statement, to) : [];
		return only ?? context.unknown(reasonOf(value, "the new address is unknown"));
	});
}

function translateTo(context: RuleContext, statement: Of<"dnat" | "snat">, to: Translation): Outcome[] | Fork {
	const outcomes = translated(context, statement, to);
	if (outcomes.length === 0) return [context.unknown("the kernel chooses one of too many destinations")];
	if (outcomes.length === 1) return outcomes;
	return { reason: "the kernel chooses one of the rule's destinations by the packet's addresses", branches: outcomes };
}

/** One outcome for each destination that the kernel may choose. */
function translated(context: RuleContext, { kind, flags }: Of<"dnat" | "snat">, to: Translation): Outcome[] {
	const { state } = context;
	if (kind === "dnat") return (destinationsOf(to) ?? []).map((one) => ended(withDestination(context, one), "accept"));
	const isOpen = isRandom({ flags }) || (to.ports !== undefined && to.ports.length > 1);
	const source = isOpen ? { ...to, ports: "unknown" as const } : to;
	return [ended(translateSource(state, context.reference(), source), "accept")];
}

/** `dnat ip prefix to 10.244.0.0/16`, or with the prefix from a map. */
function mapPrefix(context: RuleContext, { address, port }: Of<"dnat" | "snat">): Outcome {
	const unknown = () => context.unknown("the network that it maps the address to is unknown");
	const prefix = address?.kind === "map" ? context.evaluator.elementOf(address) : address;
	if (prefix === "absent") return ended(context.state, "continue");
	const range = prefix?.kind === "prefix" && !port ? parseRange(`${prefix.address}/${prefix.bits}`) : undefined;
	const mapped = range && mapNetwork(context.state, context.reference(), range);
	return mapped ? ended(mapped, "accept") : unknown();
}

function withDestination(context: RuleContext, to: Destination): PacketState {
	const { state, place } = context;
	const object = endpointOf(place.chain, withPort(to.address ?? state.destination, to.port ?? state.destinationPort));
	return translateDestination(state, { ...context.reference(), ...(object && { object }) }, to);
}

/** The addresses and ports of a statement without maps; undefined: it has no range. */
function rangesOf({ address, port }: Of<"dnat" | "snat">): Translation | undefined {
	if (address?.kind !== "range" && port?.kind !== "range") return undefined;
	const addresses = address && addressesOf(address);
	const ports = port && portsOf(port);
	if ((address && !addresses) || (port && !ports)) return undefined;
	return { addresses, ports };
}

function addressesOf(expression: Expression): Address[] | undefined {
	const [first, last] = (
		expression.kind === "range" ? [expression.first, expression.last] : [expression, expression]
	).map((end) => (end.kind === "literal" ? parseAddress(String(end.value)) : undefined));
	return first && last && addressesFrom(first, last);
}

/** Ports of a wider range aren't listed. */
const mostPorts = 256;

function portsOf(expression: Expression): number[] | "unknown" | undefined {
	const [first, last] = (
		expression.kind === "range" ? [expression.first, expression.last] : [expression, expression]
	).map((end) => (end.kind === "literal" && typeof end.value === "number" ? end.value : undefined));
	if (first === undefined || last === undefined) return undefined;
	const length = last - first + 1;
	return length > mostPorts ? "unknown" : Array.from({ length }, (_, index) => first + index);
}

/** An address, a port, or both; undefined: anything else. */
function translationOf(value: Value): Translation | undefined {
	if (value.kind === "number") return { ports: [value.value] };
	if (value.kind === "address") return value.candidates.length === 1 ? { addresses: value.candidates } : undefined;
	if (value.kind !== "concat") return undefined;
	const parts = value.parts.map(translationOf);
	return parts.includes(undefined) ? undefined : Object.assign({}, ...parts);
}

export function redirectTo(context: RuleContext, port: Expression | undefined): Outcome[] | Fork {
	const to = (wanted: number | undefined) => {
		const state = redirect(context.state, context.reference(), context.place.network, wanted);
		return state ? ended(state, "accept") : context.unknown("the address that it redirects to is unknown");
	};
	if (!port) return [to(undefined)];
	const ports = port.kind === "range" ? portsOf(port) : undefined;
	if (Array.isArray(ports)) return { reason: "the kernel chooses one of the rule's ports", branches: ports.map(to) };
	return outcomesOf(context.evaluator.valuesOf(port), (value) => {
		if (value.kind === "absent") return ended(context.state, "continue");
		const wanted = numberOf(value);
		return wanted === undefined ? context.unknown("the port that it redirects to is unknown") : to(wanted);
	});
}

export const masqueradeBy = (context: RuleContext, otherPort: boolean | undefined): Outcome =>
	ended(masquerade(context.state, context.reference(), context.place.network, otherPort), "accept");

/** kube-proxy stores a client's address in an endpoint's set, for session affinity. */
export function updateSet(context: RuleContext, { operation, set, value }: Of<"update">): Outcome {
	const affinity = new Set(context.state.affinity);
	const isSource = value.kind === "payload" && value.field === "saddr";
	if (!isSource || operation === "delete")
		return ended({ ...context.state, affinity: affinity.add(changedSet(set)) }, "next");
	affinity.add(set);
	return context.act({ effect: "update", to: set }, "next", {}, { affinity });
}

export const isRandom = ({ flags }: { flags: string[] }): boolean => flags.some((flag) => flag.includes("random"));

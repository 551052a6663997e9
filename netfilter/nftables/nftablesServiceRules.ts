/** The rules of one Service in nftables mode: what one looks for, and follows from chain to chain. */
import type { Family } from "../model.ts";
import { protocols, type ServiceReference, servicePortName } from "../service.ts";
import type { Element, Expression } from "./expressions.ts";
import { serviceChains } from "./nftablesChainNames.ts";
import { type Chain, type NftablesRuleset, nameOfFamily, type Rule, type Table } from "./parse.ts";
import { renderElement, renderRule } from "./render.ts";

/**
 * The maps' elements and the rules that name the Service's port or lead to its chains, and those of all chains that they
 * lead to, as commands that nft would take: "add element …" and "add rule …", in the ruleset's order.
 * @param family kube-proxy has a table for each one
 */
export function nftablesRulesOf({ tables }: NftablesRuleset, service: ServiceReference, family: Family): string[] {
	const ofFamily = tables.filter((table) => table.family === nameOfFamily[family] || table.family === "inet");
	return ofFamily.flatMap((table) => tableRulesOf(table, service));
}

function tableRulesOf(table: Table, service: ServiceReference): string[] {
	const own = new Set(protocols.flatMap((protocol) => serviceChains({ ...service, protocol })));
	const comment = servicePortName(service);
	const elements = [...table.sets.values()].flatMap(({ name, content }) =>
		content.all
			.filter((element) => element.comment === comment || own.has(chainOf(element) ?? ""))
			.map((element) => ({ set: name, element })),
	);
	const reached = reachable(table, [...own, ...elements.flatMap(({ element }) => chainOf(element) ?? [])]);
	const place = `${table.family} ${table.name}`;
	return [
		...elements.map(({ set, element }) => `add element ${place} ${set} { ${renderElement(element)} }`),
		...reached.flatMap(({ name, rules }) => rules.map((rule) => `add rule ${place} ${name} ${renderRule(rule)}`)),
	];
}

/** The chains of these names and all that their rules lead to, in the table's order. */
function reachable({ chains }: Table, names: string[]): Chain[] {
	const reached = new Set(names);
	// A set yields what is added to it while it is read: so jumps are followed to their end.
	for (const name of reached) {
		for (const called of (chains.get(name)?.rules ?? []).flatMap(calledBy)) reached.add(called);
	}
	return [...chains.values()].filter(({ name }) => reached.has(name));
}

function calledBy({ statements }: Rule): string[] {
	return statements.flatMap((statement) => {
		if (statement.kind === "verdict") return "chain" in statement ? statement.chain : [];
		return statement.kind === "vmap" ? chainsIn(statement.data) : [];
	});
}

const chainsIn = (data: Expression): string[] =>
	data.kind === "set" ? data.content.all.flatMap((element) => chainOf(element) ?? []) : [];

function chainOf({ value }: Element): string | undefined {
	return value?.kind === "verdict" && "chain" in value ? value.chain : undefined;
}

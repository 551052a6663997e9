/** The rules of one Service: what one greps for, and follows from chain to chain. */
import { protocols, type ServiceReference, servicePortName } from "../service.ts";
import { serviceChains } from "./iptablesChainNames.ts";
import type { Chain, IptablesTables, Table } from "./parse.ts";
import type { Rule } from "./rule.ts";

/**
 * The rules that name the Service's port or lead to its chains, and those of all chains that they lead to, as
 * `iptables-save` prints them and in its order. Chains are found by their names, so comments may be missing.
 */
export function iptablesRulesOf({ tables }: IptablesTables, service: ServiceReference): string[] {
	return [...tables.values()].flatMap((table) => tableRulesOf(table, service));
}

function tableRulesOf(table: Table, service: ServiceReference): string[] {
	const name = servicePortName(service);
	const own = new Set(protocols.flatMap((protocol) => Object.values(serviceChains({ ...service, protocol }))));
	// Reading a rule's body costs, and of a large table few rules even hold the name or the hash of one of the chains.
	const marks = [name, ...new Set([...own].map((chain) => chain.slice(chain.lastIndexOf("-"))))];
	const chosen = new Set<Rule>();
	for (const chain of table.chains.values()) {
		for (const rule of chain.rules) {
			if (marks.some((mark) => rule.text.includes(mark)) && concerns(rule, chain, name, own)) chosen.add(rule);
		}
	}
	for (const rule of chosen) {
		// A set yields what is added to it while it is read: so jumps are followed to their end.
		for (const next of table.chains.get(calledBy(rule) ?? "")?.rules ?? []) chosen.add(next);
	}
	return [...chosen].sort((a, b) => a.line - b.line).map(({ text }) => text);
}

/** Whether the rule is in one of the Service's chains, leads to one, or names the Service's port in its comment. */
function concerns(rule: Rule, chain: Chain, name: string, own: ReadonlySet<string>): boolean {
	if (own.has(chain.name) || own.has(calledBy(rule) ?? "")) return true;
	return rule.body.comment?.split(" ").includes(name) ?? false;
}

function calledBy({ body: { target } }: Rule): string | undefined {
	return target.kind === "chain" ? target.name : undefined;
}

/** The clients that a node's session affinity remembers for one Service. */
import type { NftablesRuleset } from "../../netfilter/nftables/parse.ts";

/** The lists of iptables mode and the sets of nftables mode that the rules name, one for each endpoint. */
const listNames = (rules: readonly string[]): Set<string> =>
	new Set(rules.flatMap((rule) => rule.match(/(?<=--name |@)(?:KUBE-SEP-|affinity-)\S+/g) ?? []));

/**
 * @param rules all rules of the Service
 * @param listsOf by address, the lists of iptables mode that contain it
 * @returns addresses as the node saw them, sorted; each may be several clients'
 */
export function rememberedClients(
	rules: readonly string[],
	listsOf: ReadonlyMap<string, string[]>,
	{ tables }: NftablesRuleset,
): string[] {
	const names = listNames(rules);
	const inLists = [...listsOf].flatMap(([address, lists]) => (lists.some((list) => names.has(list)) ? address : []));
	const sets = tables.flatMap((table) => [...table.sets.values()]).filter(({ name }) => names.has(name));
	const keys = sets.flatMap(({ content }) => content.all.map(({ key }) => key));
	const inSets = keys.flatMap((key) => (key.kind === "literal" ? String(key.value) : []));
	return [...new Set([...inLists, ...inSets])].sort();
}

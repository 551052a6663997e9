/** The order of base chains of equal priority, where the rules don't show which table is older. */

import type { Packet } from "../model.ts";
import type { Network } from "../node/hostNetwork.ts";
import { type Affinity, hopRecordsOf } from "../packet/state.ts";
import { type BaseChain, natPriority, place, priorities, walkHooks } from "./hooks.ts";
import { doubted, type FinishedBranch, sameResults } from "./walker.ts";

/** Tables in all orders that their ages allow; beyond so many, the result of one order proves nothing. */
const mostOrders = 64;

/**
 * The same for tables whose age isn't known, such as those of legacy iptables next to those of nftables. Of chains with
 * equal priority, the kernel calls the youngest first (nf_hook_entries_grow in net/netfilter/core.c; also for NAT, where
 * nf_nat_register_fn keeps such a list), and a table's hooks are registered when it is first used.
 * @param ordered in the kernel's order
 * @param floating the chains of each table of unknown age
 */
export function walkTables(
	ordered: readonly BaseChain[],
	floating: readonly (readonly BaseChain[])[],
	...entry: [packet: Packet, network: Network, affinity: Affinity]
): FinishedBranch[] {
	const orders = ordersOf(ordered, floating);
	const [first, ...others] = orders.slice(0, mostOrders).flatMap((order) => {
		const kernelFirst = order.some(isTiedWithKernel) ? [true, false] : [true];
		return kernelFirst.map((isFirst) => () => walkHooks(order, ...entry, isFirst));
	});
	const ends = first?.() ?? [];
	const alternatives = others.map((walk) => walk());
	const isCertain = orders.length <= mostOrders && alternatives.every((other) => sameResults(ends, other));
	if (!isCertain) return ends.map(unordered);
	const sameHops = alternatives.every(
		(other) => JSON.stringify(ends.map(rulesOf)) === JSON.stringify(other.map(rulesOf)),
	);
	return sameHops ? ends : ends.map((end) => ({ ...end, unevaluated: [...(end.unevaluated ?? []), unknownAge] }));
}

const rulesOf = ({ state }: FinishedBranch): string[] =>
	hopRecordsOf(state).map(({ table, chain, rule }) => `${table} ${chain} ${rule}`);

const unknownAge = "which of its tables the node loaded first, which the rules don't show";

function ordersOf(ordered: readonly BaseChain[], floating: readonly (readonly BaseChain[])[]): BaseChain[][] {
	let orders: BaseChain[][] = [[...ordered]];
	for (const table of floating) {
		if (orders.length > mostOrders) return orders;
		orders = orders.flatMap((order) => {
			const ties = order.flatMap((one, index) => (table.some((own) => isTied(own, one)) ? [index] : []));
			const before = ties.map((index) => order.toSpliced(index, 0, ...table));
			return [[...order, ...table], ...before];
		});
	}
	return orders;
}

/** Whether only the age of two chains decides which of them the kernel calls first. */
const isTied = (one: BaseChain, other: BaseChain): boolean =>
	one.hook === other.hook &&
	place(one) === place(other) &&
	one.priority === other.priority &&
	one.families.some((family) => other.families.includes(family));

/** Whether the chain has the priority of one of the kernel's own hooks, which are registered when a rule first needs them. */
const isTiedWithKernel = ({ type, hook, priority }: BaseChain): boolean =>
	type === "filter" &&
	(priority === priorities.conntrack
		? hook === "prerouting" || hook === "output"
		: !hooksWithoutNat.has(hook) && priority === natPriority(hook));

const hooksWithoutNat: ReadonlySet<string> = new Set(["ingress", "forward", "egress"]);

function unordered(end: FinishedBranch): FinishedBranch {
	const rule = { table: "kernel", chain: "hooks", rule: "chains of equal priority" };
	return doubted(end, rule, `the result depends on ${unknownAge}`);
}

/** Each node's rules of the Service; the page marks those that act on the selected packet. */
import type { JourneyWithHops } from "../../verification/journey/model.ts";
import type { NodeRules } from "../../verification/model.ts";
import { isSameView } from "../views/viewText.ts";
import { type Markup, markup } from "./markup.ts";

const ruleId = (node: number, rule: number): string => `rule-${node}-${rule}`;

/** @param all of all views: rules are numbered in this list */
export const rulesOfNodes = (shown: readonly NodeRules[], all: readonly NodeRules[]): Markup =>
	markup`${shown.map((node) => nodeRules(node, all.indexOf(node)))}`;

const nodeRules = ({ node, backend, rules }: NodeRules, index: number): Markup => markup`
<details class="rules"><summary>${node} (${backend}): ${rules.length} rules<span class="count"></span></summary>
<ul>${rules.map((rule, i) => markup`<li id="${ruleId(index, i)}"><code>${rule}</code></li>`)}</ul></details>`;

/** Ids of the listed rules that act on the packet, on any branch. */
export function matchedRules(journey: JourneyWithHops, rules: readonly NodeRules[]): string[] {
	const { branches, hops } = journey;
	const matched = new Set(
		branches.flatMap(({ legs }) => legs.flatMap((leg) => leg.hops.map((index) => `${leg.node} ${hops[index]?.rule}`))),
	);
	return rules.flatMap((one, i) =>
		isSameView(one, journey)
			? one.rules.flatMap((rule, j) => (matched.has(`${one.node} ${rule}`) ? [ruleId(i, j)] : []))
			: [],
	);
}

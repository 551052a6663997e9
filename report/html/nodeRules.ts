/** Each node's rules of the Service; the page marks those that act on the selected packet. */
import type { JourneyWithHops } from "../../verification/journey/model.ts";
import type { NodeRules } from "../../verification/model.ts";
import type { Report } from "../../verification/report.ts";
import { type Markup, markup } from "./markup.ts";

const ruleId = (node: number, rule: number): string => `rule-${node}-${rule}`;

export const rulesOfNodes = ({ rules }: Pick<Report, "rules">): Markup =>
	markup`${rules.map((node, i) => nodeRules(node, i))}`;

const nodeRules = ({ node, backend, rules }: NodeRules, index: number): Markup => markup`
<details class="rules"><summary>${node} (${backend}): ${rules.length} rules<span class="count"></span></summary>
<ul>${rules.map((rule, i) => markup`<li id="${ruleId(index, i)}"><code>${rule}</code></li>`)}</ul></details>`;

/** Ids of the listed rules that act on the packet, on any branch. */
export function matchedRules({ branches, hops }: JourneyWithHops, rules: readonly NodeRules[]): string[] {
	const matched = new Set(
		branches.flatMap(({ legs }) => legs.flatMap((leg) => leg.hops.map((index) => `${leg.node} ${hops[index]?.rule}`))),
	);
	return rules.flatMap(({ node, rules: own }, i) =>
		own.flatMap((rule, j) => (matched.has(`${node} ${rule}`) ? [ruleId(i, j)] : [])),
	);
}

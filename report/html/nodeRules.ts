/** Each node's rules of the Service, of which the page marks those that the chosen packet meets. */
import type { NodeRules } from "../../verification/model.ts";
import type { CellWays, KeptWays, Report } from "../../verification/report.ts";
import { type Markup, markup } from "./markup.ts";

const ruleId = (node: number, rule: number): string => `rule-${node}-${rule}`;

export const rulesOfNodes = ({ rules }: Pick<Report, "rules">): Markup =>
	markup`${rules.map((node, i) => nodeRules(node, i))}`;

const nodeRules = ({ node, backend, rules }: NodeRules, index: number): Markup => markup`
<details class="rules"><summary>${node} (${backend}): ${rules.length} rules<span class="count"></span></summary>
<ul>${rules.map((rule, i) => markup`<li id="${ruleId(index, i)}"><code>${rule}</code></li>`)}</ul></details>`;

/** Ids of the listed rules that act on the packet, on whichever way. */
export function hitRules({ ways }: CellWays, { hops }: KeptWays, rules: readonly NodeRules[]): string[] {
	const met = new Set(
		ways.flatMap(({ legs }) => legs.flatMap((leg) => leg.hops.map((place) => `${leg.node} ${hops[place]?.rule}`))),
	);
	return rules.flatMap(({ node, rules: own }, i) =>
		own.flatMap((rule, j) => (met.has(`${node} ${rule}`) ? [ruleId(i, j)] : [])),
	);
}

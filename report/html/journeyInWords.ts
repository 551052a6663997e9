/** A packet's journey in words: the hops are numbered over all nodes, each with its rule. */
import type { Hop } from "../../netfilter/model.ts";
import type { RecordedBranch, RecordedJourney } from "../../verification/journey/model.ts";
import { endText, omittedText, percent } from "../journeyText.ts";
import { unreadText } from "../noticeText.ts";
import { type StepsOnNode, stepsOf } from "../path/packetSteps.ts";
import { glossaryLink } from "./glossary.ts";
import { type Markup, markup } from "./markup.ts";

export function journeyInWords(journey: RecordedJourney, hops: readonly Hop[]): Markup {
	const { branches, omittedBranches } = journey;
	const [first, ...others] = branches.map((branch) => branchInWords(branch, hops));
	if (others.length === 0) return markup`${first}`;
	const titles = branchTitles(journey);
	return markup`<p class="branch">${titles[0]}</p>
${first}
${others.map((words, i) => markup`<details><summary>${titles[i + 1]}</summary>${words}</details>`)}
${omittedBranches > 0 && markup`<p>${omittedText(omittedBranches)}</p>`}`;
}

/** "Branch 1 of 3, probability 33.3 %: 10.244.2.2" */
export const branchTitles = ({ branches, omittedBranches }: RecordedJourney): string[] =>
	branches.map(({ probability, end }, i) => {
		const to = "address" in end ? end.address : end.kind;
		return `Branch ${i + 1} of ${branches.length + omittedBranches}, probability ${percent(probability)}: ${to}`;
	});

const branchInWords = ({ legs, end, outcome }: RecordedBranch, hops: readonly Hop[]): Markup =>
	markup`${stepsOf(legs, hops).map(stepsInWords)}
<p class="ending ${outcome === "ok" ? "ok" : "other"}">${endText(end)}</p>
`;

function stepsInWords({ leg, steps }: StepsOnNode): Markup {
	const { node, source, destination, unread } = leg;
	const flow = markup`<b>${node}</b> <span class="flow">${source} → ${destination}</span>`;
	const note = unread && markup`<p>${unreadText(node, unread)}</p>`;
	if (steps.length === 0) return markup`<p class="leg">${flow}: no rule acts on the packet</p>${note}`;
	const rewrites = steps.filter(({ rewrite }) => rewrite).length;
	const count = `${steps.length === 1 ? "1 rule" : `${steps.length} rules`}, ${rewritesText(rewrites)}`;
	return markup`<details class="leg"><summary>${flow}: ${count}</summary>
<ol class="hops" start="${steps[0]?.number}">${steps.map(({ hop }) => hopInWords(hop))}</ol>${note}</details>
`;
}

function rewritesText(count: number): string {
	if (count < 2) return `${count === 0 ? "none" : "1"} rewrites an address`;
	return `${count} rewrite an address`;
}

const hopInWords = ({ table, chain, rule, effect, text }: Hop): Markup => markup`
<li><p><span class="chain">${table} ${chain}</span> <span class="effect ${effect}">${glossaryLink(effectNames[effect] ?? effect)}</span></p>
<p>${text}</p><code>${rule}</code></li>`;

export const effectNames: Partial<Record<Hop["effect"], string>> = { dnat: "DNAT", snat: "SNAT" };

/** A packet's journey in words: the hops are numbered over all nodes, each with its rule. */
import type { Hop } from "../../netfilter/model.ts";
import type { RecordedBranch, RecordedJourney, RecordedLeg } from "../../verification/journey/model.ts";
import { endText, omittedText, percent } from "../journeyText.ts";
import { type Markup, markup } from "./markup.ts";

export function journeyInWords({ branches, omittedBranches }: RecordedJourney, hops: readonly Hop[]): Markup {
	const [first, ...others] = branches.map((branch) => branchInWords(branch, hops));
	if (others.length === 0) return markup`${first}`;
	const titles = branches.map(({ probability, end }, i) => {
		const to = "address" in end ? end.address : end.kind;
		return `Branch ${i + 1} of ${branches.length + omittedBranches}, probability ${percent(probability)}: ${to}`;
	});
	return markup`<p class="branch">${titles[0]}</p>
${first}
${others.map((words, i) => markup`<details><summary>${titles[i + 1]}</summary>${words}</details>`)}
${omittedBranches > 0 && markup`<p>${omittedText(omittedBranches)}</p>`}`;
}

function branchInWords({ legs, end, outcome }: RecordedBranch, hops: readonly Hop[]): Markup {
	const starts = legs.map((_, i) => 1 + legs.slice(0, i).reduce((count, leg) => count + leg.hops.length, 0));
	return markup`${legs.map((leg, i) => legInWords(leg, hops, starts[i] ?? 1))}
<p class="ending ${outcome === "ok" ? "ok" : "other"}">${endText(end)}</p>
`;
}

function legInWords({ node, source, destination, hops: indexes }: RecordedLeg, hops: readonly Hop[], start: number) {
	const title = markup`<h3>${node} <span class="flow">${source} → ${destination}</span></h3>`;
	if (indexes.length === 0) return markup`${title}<p>No rule acts on the packet here.</p>`;
	return markup`${title}
<ol class="hops" start="${start}">${indexes.map((index) => {
		const hop = hops[index];
		return hop && hopInWords(hop);
	})}</ol>
`;
}

const hopInWords = ({ table, chain, rule, effect, text }: Hop): Markup => markup`
<li><p><span class="chain">${table} ${chain}</span> <span class="effect ${effect}">${effectNames[effect] ?? effect}</span></p>
<p>${text}</p><code>${rule}</code></li>`;

export const effectNames: Partial<Record<Hop["effect"], string>> = { dnat: "DNAT", snat: "SNAT" };

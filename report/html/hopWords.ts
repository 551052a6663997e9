/** The ways of one packet in words: numbered over all nodes that it passes, each rule beside what it does. */
import type { Hop } from "../../netfilter/model.ts";
import type { CellWays, KeptWays, Way, WayLeg } from "../../verification/report.ts";
import { type Markup, markup } from "./markup.ts";

export function waysInWords({ ways, omittedWays }: CellWays, hops: KeptWays["hops"]): Markup {
	const [first, ...others] = ways.map((way) => wayInWords(way, hops));
	if (others.length === 0) return markup`${first}`;
	const titles = ways.map(({ probability, end }, i) => {
		const share = `probability ${(probability * 100).toFixed(1)} %`;
		return `Way ${i + 1} of ${ways.length + omittedWays}, ${share}: ${end.address ?? end.kind}`;
	});
	return markup`<p class="way">${titles[0]}</p>
${first}
${others.map((words, i) => markup`<details><summary>${titles[i + 1]}</summary>${words}</details>`)}
${omittedWays > 0 && markup`<p>${omittedWays} more ways lead to other pods.</p>`}`;
}

function wayInWords({ legs, end, outcome }: Way, hops: KeptWays["hops"]): Markup {
	const starts = legs.map((_, i) => 1 + legs.slice(0, i).reduce((count, leg) => count + leg.hops.length, 0));
	return markup`${legs.map((leg, i) => legInWords(leg, hops, starts[i] ?? 1))}
<p class="ending ${outcome === "ok" ? "ok" : "other"}">${end.text}</p>
`;
}

function legInWords(
	{ node, source, destination, hops: places }: WayLeg,
	hops: KeptWays["hops"],
	start: number,
): Markup {
	const title = markup`<h3>${node} <span class="flow">${source} → ${destination}</span></h3>`;
	if (places.length === 0) return markup`${title}<p>No rule acts on the packet here.</p>`;
	return markup`${title}
<ol class="hops" start="${start}">${places.map((place) => {
		const hop = hops[place];
		return hop && hopInWords(hop);
	})}</ol>
`;
}

const hopInWords = ({ table, chain, rule, effect, text }: Hop): Markup => markup`
<li><p><span class="chain">${table} ${chain}</span> <span class="effect ${effect}">${effectNames[effect] ?? effect}</span></p>
<p>${text}</p><code>${rule}</code></li>`;

export const effectNames: Partial<Record<Hop["effect"], string>> = { dnat: "DNAT", snat: "SNAT" };

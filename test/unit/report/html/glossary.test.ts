import { expect, it } from "vitest";
import { glossary, glossaryLink, withTerms } from "../../../../report/html/glossary.ts";

it("links the first occurrence of a term, also in the plural, but no part of another word", () => {
	expect(withTerms("Two Services: conntrack, conntrackd and a Service's mark; unmarked").text).toBe(
		'Two <a class="term" href="#term-Service">Service</a>s: <a class="term" href="#term-conntrack">conntrack</a>, conntrackd and a Service&#39;s <a class="term" href="#term-mark">mark</a>; unmarked',
	);
});

it("doesn't link what it doesn't explain", () => {
	expect(glossaryLink("<toString>").text).toBe("&lt;toString&gt;");
	expect(glossaryLink("constructor").text).toBe("constructor");
});

it("explains the words of the lesson", () => {
	const { text } = glossary();
	for (const term of [
		"NodePort",
		"DNAT",
		"SNAT",
		"masquerade",
		"conntrack",
		"endpoint",
		"externalTrafficPolicy",
		"mark",
		"chain",
		"hook",
	])
		expect(text).toContain(`<div id="term-${term}"><dt>${term}</dt><dd>`);
});

import { expect, it } from "vitest";
import { escaped, Markup, markup } from "../../../../report/html/markup.ts";

it("escapes what is put in, but markup", () => {
	const list = [markup`<b>${"<&>"}</b>`, new Markup("<i>"), undefined, false] as const;
	expect(markup`<p title="${`"'`}">${list}${7}</p>`.text).toBe('<p title="&quot;&#39;"><b>&lt;&amp;&gt;</b><i>7</p>');
});

it("has no characters that XML has no place for", () => {
	expect(escaped("\u0000\u001b\ud800\ufffe\tü😀\n")).toBe("\ufffd\ufffd\ufffd\ufffd\tü😀\n");
});

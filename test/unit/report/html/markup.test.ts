import { expect, it } from "vitest";
import { escaped, Markup, markup } from "../../../../report/html/markup.ts";

it("escapes inserted text, but not inserted markup", () => {
	const list = [markup`<b>${"<&>"}</b>`, new Markup("<i>"), undefined, false] as const;
	expect(markup`<p title="${`"'`}">${list}${7}</p>`.text).toBe('<p title="&quot;&#39;"><b>&lt;&amp;&gt;</b><i>7</p>');
});

it("removes characters that XML doesn't allow", () => {
	expect(escaped("\u0000\u001b\ud800\ufffe\tü😀\n")).toBe("\ufffd\ufffd\ufffd\ufffd\tü😀\n");
});

/** A self-contained HTML page: no network, no other file, and no style or script but its own. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Markup, markup } from "./markup.ts";

interface Content {
	title: string;
	/** The files that become the page's style and script. */
	styles: readonly URL[];
	scripts?: readonly URL[];
	body: Markup;
}

export async function htmlDocument({ title, styles, scripts = [], body }: Content): Promise<string> {
	const [style, script] = await Promise.all([joined(styles), joined(scripts)]);
	return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src ${hash(style)}${script !== "" && markup`; script-src ${hash(script)}`}">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
${body}
${script !== "" && markup`<script>${new Markup(script)}</script>\n`}</body>
</html>
`.text;
}

async function joined(files: readonly URL[]): Promise<string> {
	const parts = await Promise.all(files.map((file) => readFile(file, "utf8")));
	return parts.join("");
}

/** The source expression of a Content-Security-Policy. */
const hash = (text: string): Markup => new Markup(`'sha256-${createHash("sha256").update(text).digest("base64")}'`);

/** What the README quotes and shows is what the recorded run gives today. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { htmlReport } from "../../../report/html/page.ts";
import { excerptsOf, fillIn } from "../../docs/recordedRun/excerpts.ts";
import { readRun } from "../../docs/recordedRun/recordedRun.ts";
import { documents, pictures, terminalSvg } from "../../docs/recordedRun/renderDocs.ts";
import { pageHash } from "../../docs/recordedRun/screenshot.ts";
import { terminalPicture } from "../../docs/recordedRun/terminalPicture.ts";

const run = await readRun();
const excerpts = excerptsOf(run);
const fix = "run `npm run docs -- --render`, or `npm run docs` on a running lab";

describe("the recorded run", () => {
	it.each(documents)("is what %s quotes", (file) => {
		const document = readFileSync(file, "utf8");
		expect(document, fix).toBe(fillIn(document, excerpts));
	});

	it("is what the terminal picture shows", () => {
		expect(readFileSync(pictures.terminal, "utf8"), fix).toBe(terminalSvg(run));
	});

	it("is what the report's pictures show", async () => {
		expect(readFileSync(pictures.hash, "utf8").trim(), fix).toBe(pageHash(await htmlReport(run.report)));
	});

	it.each(documents)("has every address that %s names", (file) => {
		const known = JSON.stringify(run);
		const addresses = readFileSync(file, "utf8").match(/\b(?:10|172|192)\.\d+\.\d+\.\d+\b/g) ?? [];
		expect(addresses.length).toBeGreaterThan(0);
		expect(addresses.filter((address) => !known.includes(address))).toEqual([]);
	});
});

describe("a document", () => {
	const marked = (name: string, text: string) => `a\n<!-- recorded: ${name} -->\n${text}\n<!-- recorded end -->\nb\n`;

	it("gets the recorded excerpt, whatever it contains", () => {
		expect(fillIn(marked("start", "old"), { start: "$& new" })).toBe(marked("start", "$& new"));
	});

	it("keeps what isn't recorded yet", () => {
		expect(fillIn(marked("start", "old"), { start: undefined })).toBe(marked("start", "old"));
	});

	it.each([
		["an unknown excerpt", marked("constructor", ""), '"constructor" isn\'t recorded; it must be one of start'],
		[
			"a marker without an end",
			`<!-- recorded: start -->\n${marked("start", "")}`,
			"a marker has no <!-- recorded end -->",
		],
	])("is refused with %s", (_, document, message) => {
		expect(() => fillIn(document, { start: "new" })).toThrow(message);
	});
});

it("the terminal picture has the terminal's colors, and escapes its text", () => {
	const svg = terminalPicture(
		"npm start",
		"\u001b[1m\u001b[32mok <1>\u001b[39m\u001b[22m plain\n\u001b[2mdim\u001b[22m",
	);
	expect(svg).toContain('<tspan class="bold green">ok &lt;1&gt;</tspan> plain</text>');
	expect(svg).toContain('<tspan class="dim">dim</tspan></text>');
});

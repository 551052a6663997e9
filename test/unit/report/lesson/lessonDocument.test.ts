/** docs/lesson.md has the parts of the lesson in the terminal. */
import { readFileSync } from "node:fs";
import { lexer, type Token, type Tokens } from "marked";
import { expect, it } from "vitest";
import { exerciseWords } from "../../../../report/lesson/exerciseText.ts";
import { alternatives, stepWords } from "../../../../report/lesson/stepText.ts";
import { exercises } from "../../../../verification/lesson/exercises.ts";
import { stepNames } from "../../../../verification/lesson/steps.ts";

const tokens = lexer(readFileSync("docs/lesson.md", "utf8"));
const isTable = (token: Token): token is Tokens.Table => token.type === "table";
const rowsOf = (page: Token[]): string[][] =>
	page.filter(isTable).flatMap(({ rows }) => rows.map((row) => row.map(({ text }) => text)));
const headings = tokens.flatMap((token) => (token.type === "heading" ? [(token as Tokens.Heading).text] : []));

it("has a section for each step, in order", () => {
	const sections = stepNames.map(
		(name, i) => `${i + 1}. ${name}: ${stepWords[name].title.replace(/^./, (c) => c.toLowerCase())}`,
	);
	expect(headings.filter((heading) => /^\d/.test(heading))).toEqual(sections);
});

it("each step predicts, runs and compares", () => {
	const text = readFileSync("docs/lesson.md", "utf8").split(/^## /m);
	for (const section of text.filter((one) => /^\d/.test(one))) {
		expect(section).toMatch(/\*\*Predict:\*\* [\s\S]*```sh\n[\s\S]*<details><summary>Compare<\/summary>\n\n/);
	}
});

it("lists every exercise", () => {
	const names = rowsOf(tokens).map(([first]) => first);
	for (const { name } of exercises) expect(names).toContain(`\`${name}\``);
});

it("the page that it refers to lists every alternative", () => {
	const rows = rowsOf(lexer(readFileSync("docs/drawbacks.md", "utf8")));
	for (const row of alternatives) expect(rows).toContainEqual([...row]);
});

it("an exercise has two hints of its own, and none of them names its cause", () => {
	for (const { fault } of exercises) {
		const { title, hints } = exerciseWords[fault];
		expect(hints({ namespace: "default", service: "nodeport-service" })).toHaveLength(2);
		expect(title).not.toMatch(/port|policy|rule|chain|stopped/i);
	}
});

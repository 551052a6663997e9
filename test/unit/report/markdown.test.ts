import { lexer, type Token, type Tokens } from "marked";
import { describe, expect, it } from "vitest";
import { markdownReport } from "../../../report/markdown.ts";
import { failedReport, fullReport, hostile } from "./full.ts";
import { sampleReport } from "./sampleReport.ts";

const isTable = (token: Token): token is Tokens.Table => token.type === "table";
const inside = (token: Token): Token[] => [token, ...("tokens" in token ? (token.tokens ?? []).flatMap(inside) : [])];

describe.each([
	["for a lab without findings", fullReport()],
	["for findings with hostile text", failedReport()],
	["for connectivity base", sampleReport()],
])("%s", (_, report) => {
	const text = markdownReport(report);
	const tokens = lexer(text);
	const tables = tokens.filter(isTable);

	it("every table is parsed as a table, and its rows have as many columns as its header", () => {
		expect(tables.length).toBe(4 + (report.drawbacks?.length ?? 0));
		const lines = text.split("\n").filter((line) => line.startsWith("|"));
		const parsed = tables.flatMap(({ header, rows }) => [header, ...rows]);
		expect(lines.length).toBe(parsed.length + tables.length);
		for (const { header, raw } of tables) {
			const columns = raw
				.trim()
				.split("\n")
				.map((line) => line.replaceAll(/\\./g, "").split("|").length - 2);
			expect(new Set(columns)).toEqual(new Set([header.length]));
		}
	});

	it("contains no foreign markup", () => {
		expect(tokens.flatMap(inside).filter(({ type }) => type === "html" || type === "image")).toEqual([]);
	});
});

it("shows the matrix as the terminal does, and findings first", () => {
	const text = markdownReport(failedReport());
	const [, measured] = lexer(text).filter(isTable).slice(1);
	expect(measured?.header.slice(0, 2).map(({ text }) => text)).toEqual(["client", "nodeport-control-plane"]);
	expect(measured?.rows[0]?.slice(0, 3).map(({ text }) => text)).toEqual(["dnsutils", "timeout", "ok 10.244.2.1"]);
	expect(text.indexOf("**FAILED**")).toBeLessThan(text.indexOf("## Nodes"));
	expect(text).toContain("FAILED: timeout, not ok");
});

it("shows text unchanged, in a fence that the text can't end", () => {
	const report = failedReport();
	const [hop] = report.journeys.hops;
	if (hop) hop.text = `${hostile}\n\`\`\`\n# no title`;
	const code = lexer(markdownReport(report)).flatMap((token) => (token.type === "code" ? [String(token.text)] : []));
	expect(code.at(-1)).toContain("# no title");
});

it("shows notices before everything else", () => {
	const text = markdownReport({ ...fullReport(), notices: [{ kind: "replacedProxy" }] });
	expect(text.indexOf("another program serves Services")).toBeGreaterThan(0);
	expect(text.indexOf("another program serves Services")).toBeLessThan(text.indexOf("## "));
});

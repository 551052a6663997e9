import { styleText } from "node:util";
import { wherePulumiIs } from "../../lib/fieldErrors.ts";
import { table } from "../../lib/table.ts";
import type { Finding, Level } from "./finding.ts";

const colors: Record<Level, Parameters<typeof styleText>[0]> = { ok: "green", warning: "yellow", stop: "red" };

/** What the user must act on before `npm start`. */
export const brief = (findings: Finding[]): Finding[] =>
	findings.filter(({ level, automatic }) => level !== "ok" && !automatic);

/** One line per finding with its fix below it, then where the fixes' programs are, then the number per level. */
export function findingsText(findings: Finding[], { color }: { color: boolean }): string {
	const paint = (level: Level) => (color ? styleText(colors[level], level, { validateStream: false }) : level);
	const rows = findings.flatMap(({ subject, level, found, fix }) => {
		const [first = "", ...further] = found.split("\n");
		const below = [...further, ...(fix === undefined ? [] : [`fix: ${fix}`])];
		return [[paint(level), subject, first], ...below.map((line) => ["", "", line])];
	});
	const isPrinted = findings.some(({ found }) => found.includes(wherePulumiIs));
	const isNeeded = findings.some(({ fix = "" }) => /\b(pulumi|kubectl) /.test(fix));
	const footer = isNeeded && !isPrinted ? [wherePulumiIs] : [];
	return [...(rows.length > 0 ? [table(rows)] : []), ...footer, summary(findings)].join("\n");
}

function summary(findings: Finding[]): string {
	const count = (level: Level, name: string) => {
		const found = findings.filter((finding) => finding.level === level).length;
		return found === 0 ? [] : [`${found} ${name}${found === 1 ? "" : "s"}`];
	};
	const warnings = count("warning", "warning");
	const errors = count("stop", "error");
	if (errors.length > 0) return `Preflight failed with ${[...errors, ...warnings].join(" and ")}.`;
	return `Preflight passed${warnings.map((text) => ` with ${text}`).join("")}.`;
}

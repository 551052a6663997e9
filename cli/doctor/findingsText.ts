import { styleText } from "node:util";
import { wherePulumiIs } from "../../lib/fieldErrors.ts";
import { fill, fillShell } from "../../report/screen/fill.ts";
import type { Screen } from "../../report/screen/screen.ts";
import type { Finding, Level } from "./finding.ts";

const colors: Record<Level, Parameters<typeof styleText>[0]> = { ok: "green", warning: "yellow", stop: "red" };

/** What the user must act on before `npm start`. Warnings that didn't prevent an earlier start are left out. */
export const brief = (findings: Finding[], { isFirst }: { isFirst: boolean }): Finding[] =>
	findings.filter(({ level, automatic }) => (level === "stop" || (level === "warning" && isFirst)) && !automatic);

/** One line per finding with its fix below it, then where the fixes' programs are, then the number per level. */
export function findingsText(findings: Finding[], { color, width = Number.POSITIVE_INFINITY }: Screen): string {
	const paint = (level: Level) => (color ? styleText(colors[level], level, { validateStream: false }) : level);
	const widths = columnWidths(findings);
	const indent = " ".repeat(widths.level + widths.subject + 2 * gap);
	const rows = findings.flatMap(({ subject, level, found, fix }) => {
		const [first = "", ...further] = found.split("\n");
		const head = level.padEnd(widths.level + gap) + subject.padEnd(widths.subject + gap);
		const [line = "", ...rest] = fill(first, width, head, indent);
		return [
			`${paint(level)}${line.slice(level.length)}`,
			...rest,
			...further.flatMap((text) => fill(text, width, `${indent}${/^ */.exec(text)?.[0]}`, `${indent}  `)),
			...(fix === undefined ? [] : fillShell(fix, width, `${indent}fix: `)),
		];
	});
	const isPrinted = findings.some(({ found }) => found.includes(wherePulumiIs));
	const isNeeded = findings.some(({ fix = "" }) => /\b(pulumi|kubectl) /.test(fix));
	const footer = isNeeded && !isPrinted ? [wherePulumiIs] : [];
	return [...rows, ...footer, summary(findings)].join("\n");
}

const gap = 2;

const columnWidths = (findings: readonly Finding[]) => ({
	level: Math.max(0, ...findings.map(({ level }) => level.length)),
	subject: Math.max(0, ...findings.map(({ subject }) => subject.length)),
});

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

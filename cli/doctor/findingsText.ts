import { styleText } from "node:util";
import { wherePulumiIs } from "../../lib/fieldErrors.ts";
import { table } from "../../lib/table.ts";
import type { Finding, Level } from "./finding.ts";

const colors: Record<Level, Parameters<typeof styleText>[0]> = { ok: "green", warning: "yellow", stop: "red" };

/** A line for each finding, its level first, and its fix below; then where the fixes' programs are, and how many there are of what level. */
export function findingsText(findings: Finding[], { color }: { color: boolean }): string {
	const paint = (level: Level) => (color ? styleText(colors[level], level, { validateStream: false }) : level);
	const rows = findings.flatMap(({ subject, level, found, fix }) => {
		const [first = "", ...further] = found.split("\n");
		const below = [...further, ...(fix === undefined ? [] : [`fix: ${fix}`])];
		return [[paint(level), subject, first], ...below.map((line) => ["", "", line])];
	});
	const told = findings.some(({ found }) => found.includes(wherePulumiIs));
	const needed = !told && findings.some(({ fix = "" }) => /\b(pulumi|kubectl) /.test(fix));
	return [...(rows.length > 0 ? [table(rows)] : []), ...(needed ? [wherePulumiIs] : []), conclusion(findings)].join(
		"\n",
	);
}

function conclusion(findings: Finding[]): string {
	const count = (level: Level, name: string) => {
		const found = findings.filter((finding) => finding.level === level).length;
		return found === 0 ? [] : [`${found} ${name}${found === 1 ? "" : "s"}`];
	};
	const stops = count("stop", "stop");
	const all = [...stops, ...count("warning", "warning")].join(", ");
	if (stops.length > 0) return `The lab cannot work here yet: ${all}.`;
	return `Nothing keeps the lab from working${all && `; ${all}`}.`;
}

/** A report of a real lab, connectivity full: see test/fixtures/report. */
import { readFileSync } from "node:fs";
import { Report } from "../../../verification/report.ts";

const text = readFileSync(new URL("../../fixtures/report/full.json", import.meta.url), "utf8");

export const fullReport = (): Report => Report.parse(JSON.parse(text));

/** Text that is dangerous in every form, as a rule or a program's output might hold it. */
export const hostile = '<img src=x onerror=alert(1)> | `a` & "b" \\ </script><!-- \u0007\u001b[31m \ud800';

/** The same lab where a cell failed whose words are hostile, as is a rule that its packet met. */
export function failedReport(): Report {
	const report = fullReport();
	const [cell] = report.connectivity;
	const [hop] = report.ways.hops;
	const [rules] = report.rules;
	if (!cell || !hop || !rules) throw new Error("the fixture has no cell, hop or rules");
	const name = `${cell.client} -> ${cell.target.node} ${cell.target.kind} ${cell.target.address}`;
	cell.ok = false;
	cell.observed = { outcome: "timeout", body: hostile, milliseconds: 3000 };
	hop.text = hostile;
	rules.rules.push(hostile);
	report.differences.push({ cell: name, rules: "ok", path: hostile });
	report.failures.push(`${name}: expected ok; observed ${hostile}`, `0 of 1 pods are ready: ${hostile}`);
	return { ...report, ok: false, evidence: "out/evidence-2026" };
}

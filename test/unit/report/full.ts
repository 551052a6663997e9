/** A report of a real lab with connectivity "full": see test/fixtures/report. */
import { readFileSync } from "node:fs";
import { Report } from "../../../verification/report.ts";

const text = readFileSync(new URL("../../fixtures/report/full.json", import.meta.url), "utf8");

export const fullReport = (): Report => Report.parse(JSON.parse(text));

/** Text that is dangerous in every format, as a rule or a program's output may contain it. */
export const hostile = '<img src=x onerror=alert(1)> | `a` & "b" \\ </script><!-- \u0007\u001b[31m \ud800';

/** The same lab with a failed request and a missing pod, with hostile text in an answer, a hop and a rule. */
export function failedReport(): Report {
	const report = fullReport();
	const [cell] = report.connectivity;
	const [hop] = report.journeys.hops;
	const [rules] = report.rules;
	if (!cell || !hop || !rules) throw new Error("the fixture has no request, hop or rules");
	cell.ok = false;
	cell.observed = { outcome: "timeout", body: hostile, milliseconds: 3000 };
	hop.text = hostile;
	rules.rules.push(hostile);
	const { client, target, expected, observed } = cell;
	report.findings.push(
		{
			kind: "request",
			client,
			target,
			expected,
			predicted: [{ kind: "loopback" }],
			observed,
			repeat: ["echo", hostile],
		},
		{ kind: "missingPods", deployment: hostile, expected: 1, observed: 0, inspect: ["kubectl", "get", "pods"] },
	);
	return { ...report, ok: false, evidence: "out/evidence-2026" };
}

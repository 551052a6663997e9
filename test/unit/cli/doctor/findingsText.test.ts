import { expect, it } from "vitest";
import type { Finding } from "../../../../cli/doctor/finding.ts";
import { findingsText } from "../../../../cli/doctor/findingsText.ts";
import { wherePulumiIs } from "../../../../lib/fieldErrors.ts";

const ok: Finding = { subject: "Go", level: "ok", found: "version 1.26.8" };
const warning: Finding = { subject: "memory", level: "warning", found: "little", fix: "buy some" };
const stop: Finding = { subject: "configuration", level: "stop", found: "two faults:\n  one\n  two" };
const text = (...findings: Finding[]) => findingsText(findings, { color: false }).split("\n");

it("shows a line for each finding, further lines and the fix below it, and the sum", () => {
	expect(text(ok, warning, stop)).toEqual([
		"ok       Go             version 1.26.8",
		"warning  memory         little",
		"                        fix: buy some",
		"stop     configuration  two faults:",
		"                          one",
		"                          two",
		"The lab cannot work here yet: 1 stop, 1 warning.",
	]);
});

it.each([
	[[], "Nothing keeps the lab from working."],
	[[ok], "Nothing keeps the lab from working."],
	[[warning, warning], "Nothing keeps the lab from working; 2 warnings."],
	[[stop, stop], "The lab cannot work here yet: 2 stops."],
])("sums up: %j", (findings, sum) => {
	expect(text(...findings).at(-1)).toBe(sum);
});

it.each([
	["pulumi", { ...warning, fix: "modprobe xt_nfacct || pulumi config set kubeProxyMode nftables" }],
	["kubectl", { ...warning, fix: "kubectl --namespace=kube-system get pods" }],
])("tells once, before the sum, where a fix that names %s finds it", (_, finding) => {
	expect(text(finding, finding).slice(4)).toEqual([wherePulumiIs, "Nothing keeps the lab from working; 2 warnings."]);
});

it("does not repeat where pulumi is after a configuration's faults, and says nothing of it else", () => {
	const faults: Finding = { ...stop, found: `a fault\n${wherePulumiIs}` };
	const needs = { ...warning, fix: "pulumi config set workers <fewer>" };
	expect(text(faults, needs).filter((line) => line.includes(wherePulumiIs))).toHaveLength(1);
	expect(text(ok, warning).join()).not.toContain(wherePulumiIs);
});

it("is one line where there is nothing to show", () => {
	expect(text()).toHaveLength(1);
});

it("colours the level alone", () => {
	expect(findingsText([warning], { color: true })).toContain("\u001b[33mwarning\u001b[39m  memory");
});

import { expect, it } from "vitest";
import type { Finding } from "../../../../cli/doctor/finding.ts";
import { brief, findingsText } from "../../../../cli/doctor/findingsText.ts";
import { wherePulumiIs } from "../../../../lib/fieldErrors.ts";

const ok: Finding = { subject: "Go", level: "ok", found: "version 1.26.8" };
const warning: Finding = { subject: "memory", level: "warning", found: "little", fix: "buy some" };
const stop: Finding = { subject: "configuration", level: "stop", found: "two faults:\n  one\n  two" };
const text = (...findings: Finding[]) => findingsText(findings, { color: false }).split("\n");

it("prints a line per finding, with further lines and the fix below it, then a summary", () => {
	expect(text(ok, warning, stop)).toEqual([
		"ok       Go             version 1.26.8",
		"warning  memory         little",
		"                        fix: buy some",
		"stop     configuration  two faults:",
		"                          one",
		"                          two",
		"Preflight failed with 1 error and 1 warning.",
	]);
});

it.each([
	[[], "Preflight passed."],
	[[ok], "Preflight passed."],
	[[warning, warning], "Preflight passed with 2 warnings."],
	[[stop, stop], "Preflight failed with 2 errors."],
])("summarizes %j", (findings, sum) => {
	expect(text(...findings).at(-1)).toBe(sum);
});

it.each([
	["pulumi", { ...warning, fix: "modprobe xt_nfacct || pulumi config set kubeProxyMode nftables" }],
	["kubectl", { ...warning, fix: "kubectl --namespace=kube-system get pods" }],
])("prints once, before the summary, where %s is, if a fix needs it", (_, finding) => {
	expect(text(finding, finding).slice(4)).toEqual([wherePulumiIs, "Preflight passed with 2 warnings."]);
});

it("prints where pulumi is only if a fix needs it and a configuration error hasn't printed it", () => {
	const faults: Finding = { ...stop, found: `a fault\n${wherePulumiIs}` };
	const needs = { ...warning, fix: "pulumi config set workers <fewer>" };
	expect(text(faults, needs).filter((line) => line.includes(wherePulumiIs))).toHaveLength(1);
	expect(text(ok, warning).join()).not.toContain(wherePulumiIs);
});

it("is one line if there are no findings", () => {
	expect(text()).toHaveLength(1);
});

it("colors only the level", () => {
	expect(findingsText([warning], { color: true })).toContain("\u001b[33mwarning\u001b[39m  memory");
});

it("leaves out of the brief text what is ok, what npm start does itself, and after the first start warnings", () => {
	const automatic: Finding = { ...warning, subject: "Docker engine", automatic: true };
	const all = [ok, automatic, warning, stop];
	expect(brief(all, { isFirst: true })).toEqual([warning, stop]);
	expect(brief(all, { isFirst: false })).toEqual([stop]);
});

it("is as wide as the terminal, and a command stays one command", () => {
	const fix = "pulumi config set echoImage '<a reference>' && pulumi config set dnsutilsImage <reference>";
	const found = "the images of the echo and of the client aren't in a registry";
	expect(
		findingsText([{ ...warning, found, fix }], { color: false, width: 56 })
			.split("\n")
			.slice(0, 6),
	).toEqual([
		"warning  memory  the images of the echo and of the",
		"                 client aren't in a registry",
		"                 fix: pulumi config set echoImage \\",
		"                        '<a reference>' && pulumi \\",
		"                        config set dnsutilsImage \\",
		"                        <reference>",
	]);
});

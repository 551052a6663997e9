import { expect, it } from "vitest";
import { judgeGo, judgeNode } from "../../../../../cli/doctor/machine/nodeAndGo.ts";
import type { Go } from "../../../../../toolchain/builds/goCommand.ts";

it.each([
	["20.20.0", "ok"],
	["24.1.0", "ok"],
	["20.19.9", "stop"],
	["18.20.4", "stop"],
])("Node.js %s: %s", (version, level) => {
	const finding = judgeNode(version, ">=20.20");
	expect(finding).toMatchObject({ level, found: `version ${version}; needed: >=20.20` });
	expect(finding.fix ?? "none").toContain(level === "ok" ? "none" : "nodejs.org");
});

const [old, recent]: Go[] = [
	{ version: [1, 24, 4], fetches: false },
	{ version: [1, 26, 8], fetches: false },
];

it.each([
	["new enough", recent, ["kind"], "ok", "version 1.26.8"],
	["old, but it downloads another", { ...old, fetches: true } as Go, ["kind"], "ok", "which downloads 1.26.8"],
	["old, with nothing left to build", old, [], "ok", "nothing left to build"],
	["absent, with nothing left to build", undefined, [], "ok", "not on PATH"],
	[
		"old, with something to build",
		old,
		["kind", "pulumi"],
		"warning",
		"needs 1.26.8 or newer to build what it can't download: kind, pulumi",
	],
	["absent, with something to build", undefined, ["kind"], "warning", "not on PATH"],
] as [string, Go | undefined, string[], string, string][])("Go: %s", (_, go, missing, level, found) => {
	const finding = judgeGo(go, [1, 26, 8], missing);
	expect(finding).toMatchObject({ level, found: expect.stringContaining(found) });
	expect(finding.fix ?? "none").toContain(level === "ok" ? "none" : "install Go 1.26.8");
});

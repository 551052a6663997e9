import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CommandFailed, explain, SetupError } from "../../../toolchain/setupError.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();

test("explains a problem that the user can fix with the fix, without a stack", () => {
	expect(explain("kind", new SetupError("Go is missing", "install Go"))).toBe(
		"kind: Go is missing\n  What to do: install Go; then run the same command again.",
	);
});

test("explains a program's failure with the end of its log, shortened, and the log's path", () => {
	const log = join(folder.path, "kind.log");
	const lines = Array.from({ length: 40 }, (_, i) => `line ${i}`);
	writeFileSync(log, `${lines.join("\n")}\n${"x".repeat(500)}\n`);
	const text = explain("kind", new CommandFailed("go ended with exit code 1", log));
	expect(text).toContain("kind: go ended with exit code 1\n");
	expect(text).toContain("    line 39\n");
	expect(text).not.toContain("line 20\n");
	expect(text).toContain(`    ${"x".repeat(160)}…\n`);
	expect(text).toContain(`Log: ${log}\n`);
});

test("explains a system error without a stack, and a bug with one", () => {
	const refused = Object.assign(new Error("EACCES: permission denied, open"), { code: "EACCES", syscall: "open" });
	expect(explain("kind", refused)).not.toContain("setupError.test.ts");
	expect(explain("kind", new Error("a mistake"))).toContain("setupError.test.ts");
});

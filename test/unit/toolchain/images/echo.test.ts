import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { hasGo } from "../../../../toolchain/goModule.ts";
import { project } from "../../../../toolchain/layout.ts";

const options = {
	cwd: join(project, "toolchain/images/echo"),
	all: true,
	reject: false,
	env: { CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false", GOWORK: "off" },
} as const;

// With an empty cache, Go compiles its standard library first.
test.skipIf(!hasGo()).each([
	["is what go vet expects", ["vet", "./..."]],
	["passes its own tests, written in Go", ["test", "./..."]],
])("the echo %s", { timeout: 300_000 }, async (_, args) => {
	const { all, exitCode } = await execa("go", args, options);
	expect(exitCode, all).toBe(0);
});

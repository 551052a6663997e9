import { execa } from "execa";
import { expect, test } from "vitest";
import { hasGo } from "../../../../toolchain/builds/goCommand.ts";
import { echoSource } from "../../../../toolchain/images/echo.ts";

const options = {
	cwd: echoSource,
	all: true,
	reject: false,
	env: { CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false", GOWORK: "off" },
} as const;

// With an empty cache, Go compiles its standard library first.
test.skipIf(!(await hasGo(echoSource))).each([
	["is what go vet expects", ["vet", "./..."]],
	["passes its own tests, written in Go", ["test", "./..."]],
])("the echo %s", { timeout: 300_000 }, async (_, args) => {
	const { all, exitCode } = await execa("go", args, options);
	expect(exitCode, all).toBe(0);
});

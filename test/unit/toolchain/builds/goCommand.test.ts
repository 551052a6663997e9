import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { canBuild, findGo, hasGo, leastGo, readGo } from "../../../../toolchain/builds/goCommand.ts";
import { makeBuild } from "../../../../toolchain/builds/goModule.ts";
import { project } from "../../../../toolchain/layout.ts";
import { kind } from "../../../../toolchain/tools/tools.ts";
import { temporaryFolder, writeProgram } from "../../temporary.ts";

const folder = temporaryFolder();
const kindModule = join(project, "toolchain/go/kind");

/** Puts a Go alone on PATH, which prints these settings where no module is, as it must be asked. */
function install(version: string, toolchain: string): void {
	const said = JSON.stringify({ GOTOOLCHAIN: toolchain, GOVERSION: version });
	writeProgram(
		join(folder.path, "go"),
		`[ "$PWD" = / ] && [ "$*" = "env -json GOVERSION GOTOOLCHAIN" ] && echo '${said}'`,
	);
	vi.stubEnv("PATH", folder.path);
}

test.each([
	["a newer one", "go1.99.1", "local", true],
	["an older one that may not fetch another", "go1.24.4", "local", false],
	["an older one that takes others from PATH only", "go1.24.4", "path", false],
	["an older one that fetches what go.mod asks for", "go1.24.4", "auto", true],
	["one that was chosen, and fetches what go.mod asks for", "go1.24.4", "go1.24.4+auto", true],
	["one from before Go could fetch another", "go1.19.8", "", false],
])("%s (%s, GOTOOLCHAIN=%j) can build kind: %j", async (_, version, toolchain, builds) => {
	install(version, toolchain);
	expect(await hasGo(kindModule)).toBe(builds);
});

test("a Go without a version, or no Go, can't build", async () => {
	install("devel", "local");
	expect(await findGo()).toBeUndefined();
	vi.stubEnv("PATH", "/nonexistent");
	expect(await hasGo(kindModule)).toBe(false);
	expect(canBuild(undefined, [1, 0, 0])).toBe(false);
});

test("the output of a real Go 1.26 is parsed", () => {
	const said = '{\n\t"GOTOOLCHAIN": "local",\n\t"GOVERSION": "go1.26.8"\n}\n';
	expect(readGo(said)).toEqual({ version: [1, 26, 8], fetches: false });
});

test("a module names the oldest Go that can build it", async () => {
	expect((await leastGo(kindModule)).slice(0, 2)).toEqual([1, 26]);
	await expect(leastGo(folder.path)).rejects.toThrow("go.mod");
});

test("a build reports which Go was found, and which it needs", async () => {
	install("go1.24.4", "local");
	const run = () => Promise.reject(new Error("run"));
	await expect(makeBuild(kind.build, run)).rejects.toMatchObject({
		message: expect.stringMatching(
			/kind can't be downloaded.* Go is 1\.24\.4 and GOTOOLCHAIN keeps it from fetching a newer one/,
		),
		fix: expect.stringMatching(/install Go 1\.26\.\d+ or newer/),
	});
});

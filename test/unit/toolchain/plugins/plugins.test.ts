import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test, vi } from "vitest";
import { layout, project } from "../../../../toolchain/layout.ts";
import { getPlugins, locatePlugins, makeHome, userHome } from "../../../../toolchain/plugins/plugins.ts";
import { makeSubstitutes } from "../../../../toolchain/plugins/substitutes.ts";
import type { Work } from "../../../../toolchain/steps/step.ts";
import { temporaryFolder, writeProgram } from "../../temporary.ts";

vi.mock(import("../../../../toolchain/substitutes/build.ts"), async (original) => ({
	...(await original()),
	buildSubstitutes: async (folder: string) => {
		for (const name of ["command", "kubernetes"]) installPlugin(folder, name, "substitute");
		return {};
	},
}));

vi.mock(import("../../../../toolchain/tools/download.ts"), async (original) => ({
	...(await original()),
	whyUnreachable: async () => process.env.UNREACHABLE,
}));

const folder = temporaryFolder();

const version = (name: string): string =>
	JSON.parse(readFileSync(join(project, "node_modules/@pulumi", name, "package.json"), "utf8")).version;

function installPlugin(home: string, name: string, script: string): void {
	writeProgram(join(home, "plugins", `resource-${name}-v${version(name)}`, `pulumi-resource-${name}`), script);
}

const home = (): string => join(folder.path, "user");
const ownHome = (): string => join(folder.path, "own");

test.each([
	[{}, join(homedir(), ".pulumi")],
	[{ PULUMI_HOME: "/opt/pulumi" }, "/opt/pulumi"],
	[{ PULUMI_HOME: "/src/other-clone/.toolchain/pulumi" }, join(homedir(), ".pulumi")],
	[{ PULUMI_HOME: layout.testPulumiHome }, join(homedir(), ".pulumi")],
])("with %j, the user's Pulumi home is %s", (environment, expected) => {
	expect(userHome(environment)).toBe(expected);
});

test("uses plugins in the user's Pulumi home, and then makes no home for the project", async () => {
	vi.stubEnv("PULUMI_HOME", home());
	for (const name of ["command", "kubernetes"]) installPlugin(home(), name, "official");
	const located = await locatePlugins();
	expect(located).toMatchObject({ how: "found" });
	expect(located).not.toHaveProperty("notice");
	expect(await makeHome(located?.plugins ?? [], ownHome())).toBeUndefined();
	expect(existsSync(ownHome())).toBe(false);
});

test("doesn't use a plugin of another version", async () => {
	vi.stubEnv("PULUMI_HOME", home());
	for (const name of ["command", "kubernetes"]) {
		writeProgram(join(home(), "plugins", `resource-${name}-v0.0.1`, `pulumi-resource-${name}`), "");
	}
	expect(await locatePlugins()).toBeUndefined();
});

test("uses the substitute if a plugin is missing, in the project's own home, and reports it", async () => {
	vi.stubEnv("PULUMI_HOME", home());
	installPlugin(home(), "command", "official");
	await makeSubstitutes();
	const located = await locatePlugins();
	expect(located).toMatchObject({ how: "found and substitutes", notice: expect.stringContaining("substitutes") });
	expect(await makeHome(located?.plugins ?? [], ownHome())).toBe(ownHome());
	const read = (name: string) => {
		const plugin = join(ownHome(), "plugins", `resource-${name}-v${version(name)}`);
		// Pulumi passes over a plugin whose folder is a link.
		expect(lstatSync(plugin).isDirectory()).toBe(true);
		return readFileSync(join(plugin, `pulumi-resource-${name}`), "utf8");
	};
	expect(read("command")).toContain("official");
	expect(read("kubernetes")).toContain("substitute");
	expect(readdirSync(home())).toEqual(["plugins"]);
});

test("updates the plugins of a home, and keeps what Pulumi wrote next to them", async () => {
	vi.stubEnv("PULUMI_HOME", home());
	await makeSubstitutes();
	mkdirSync(join(ownHome(), "plugins/resource-old-v1.0.0"), { recursive: true });
	mkdirSync(join(ownHome(), "workspaces"));
	writeFileSync(join(ownHome(), "workspaces/stack.json"), "{}");
	await makeHome((await locatePlugins())?.plugins ?? [], ownHome());
	expect(readdirSync(join(ownHome(), "plugins")).sort()).toEqual([
		`resource-command-v${version("command")}`,
		`resource-kubernetes-v${version("kubernetes")}`,
	]);
	expect(existsSync(join(ownHome(), "workspaces/stack.json"))).toBe(true);
});

/** A Pulumi CLI that fits, whose `plugin install` works without a network, or fails. */
function fakeCli(install: string): Work {
	const bin = join(folder.path, "bin");
	const script = `[ "$1" = version ] && { echo v3.259.0; exit; }\n${install}`;
	writeProgram(join(bin, "pulumi"), script);
	writeProgram(join(bin, "pulumi-language-nodejs"), "");
	vi.stubEnv("PATH", `${bin}:/usr/bin:/bin`);
	vi.stubEnv("PULUMI_HOME", home());
	const run: Work["run"] = async (file, args, options) => ({
		stdout: String((await execa(file, args, options)).stdout),
	});
	return { run, part: (_, part) => part(), say: () => {}, note: () => {}, done: () => Promise.resolve() };
}

const install = `folder="$PULUMI_HOME/plugins/resource-$4-v$5"
mkdir -p "$folder" && printf '#!/bin/sh\n' >"$folder/pulumi-resource-$4" && chmod +x "$folder/pulumi-resource-$4"`;

test("downloads missing plugins with the CLI into the cache, not into the user's home", async () => {
	await getPlugins(fakeCli(install));
	expect(await locatePlugins()).toMatchObject({ how: "downloaded" });
	expect(existsSync(home())).toBe(false);
});

test.each([
	["no host answers", install, "no answer"],
	["the download fails", "exit 1", undefined],
])("makes the substitutes if %s", async (_, script, unreachable) => {
	if (unreachable) vi.stubEnv("UNREACHABLE", unreachable);
	await getPlugins(fakeCli(script));
	expect(await locatePlugins()).toMatchObject({ how: "substitutes" });
});

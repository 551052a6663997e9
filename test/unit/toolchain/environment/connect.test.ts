import { existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { shellText } from "../../../../lib/shell.ts";
import { connect } from "../../../../toolchain/environment/connect.ts";
import { layout } from "../../../../toolchain/layout.ts";
import { writeProgram } from "../../temporary.ts";

vi.mock(import("../../../../toolchain/layout.ts"), async (original) => {
	const real = await original();
	const project = mkdtempSync(join(tmpdir(), "nodeport-lab-test-connect-"));
	const at = (path: string) => path.replace(real.project, project);
	const moved = Object.fromEntries(Object.entries(real.layout).map(([name, path]) => [name, at(path)]));
	return { ...real, layout: moved as unknown as typeof real.layout };
});

const { bin, environment, pulumiHome, state, testPulumiHome } = layout;
const project = join(state, "..");
afterAll(() => rmSync(project, { recursive: true }));

const tool = (name: string) => ({ what: name, how: "found", program: `/opt/${name}` });

test.each([
	["that git made", () => mkdirSync(state, { mode: 0o755 })],
	["that is lost", () => rmSync(state, { recursive: true, force: true })],
])("only the user can read the folder of the state %s", async (_, before) => {
	before();
	await connect([]);
	expect(statSync(state).mode & 0o777).toBe(0o700);
});

test("links the tools, and uses the user's Pulumi home if it has the plugins", async () => {
	const official = { name: "command", version: "1.0.0", how: "found", folder: "/home" } as const;
	await connect([tool("kind"), { what: "image", how: "built" }, { what: "p", how: "found", plugins: [official] }]);
	expect(readlinkSync(join(bin, "kind"))).toBe("/opt/kind");
	expect(readlinkSync(join(bin, "nodeport-lab"))).toMatch(/\/cli\/tool\/nodeport-lab\.mjs$/);
	expect(readFileSync(environment, "utf8")).not.toContain("PULUMI_HOME");
	expect(existsSync(pulumiHome)).toBe(false);
});

test("links other plugins into the project's own Pulumi home", async () => {
	const folder = join(project, "cache");
	writeProgram(join(folder, "pulumi-resource-command"), "");
	const substitute = { name: "command", version: "1.0.0", how: "substitutes", folder } as const;
	await connect([tool("kind"), { what: "p", how: "substitutes", plugins: [substitute] }]);
	const linked = join(pulumiHome, "plugins/resource-command-v1.0.0/pulumi-resource-command");
	expect(readlinkSync(linked)).toBe(join(folder, "pulumi-resource-command"));
	expect(readFileSync(environment, "utf8")).toContain(`export PULUMI_HOME=${shellText(pulumiHome)}\n`);
});

test("the tests' home has the official provider, and the lab's home has the substitute", async () => {
	const substitutes = join(project, "substitutes");
	const built = join(project, "built");
	const plugin = (name: string) =>
		({ name, version: "1.0.0", how: "substitutes", folder: join(substitutes, name) }) as const;
	for (const name of ["command", "kubernetes"]) writeProgram(join(substitutes, name, `pulumi-resource-${name}`), "");
	writeProgram(join(built, "pulumi-resource-kubernetes"), "");
	const officialProvider = { name: "kubernetes", version: "1.0.0", how: "built", folder: built } as const;
	await connect([
		tool("kind"),
		{ what: "p", how: "substitutes", plugins: [plugin("command"), plugin("kubernetes")] },
		{ what: "o", how: "built", officialProvider },
	]);
	const linked = (home: string, name: string) =>
		readlinkSync(join(home, `plugins/resource-${name}-v1.0.0/pulumi-resource-${name}`));
	expect(linked(testPulumiHome, "kubernetes")).toBe(join(built, "pulumi-resource-kubernetes"));
	expect(linked(testPulumiHome, "command")).toBe(join(substitutes, "command/pulumi-resource-command"));
	expect(linked(pulumiHome, "kubernetes")).toBe(join(substitutes, "kubernetes/pulumi-resource-kubernetes"));
});

/** Whatever set-up takes from elsewhere is named by its content: a digest, a checksum, or a hash in a lock file. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import * as goCommand from "../../../toolchain/builds/goCommand.ts";
import { buildDnsutils } from "../../../toolchain/images/dnsutils.ts";
import { buildEcho } from "../../../toolchain/images/echo.ts";
import { project } from "../../../toolchain/layout.ts";
import type { Run } from "../../../toolchain/run.ts";
import { kind, kubectl, pulumi } from "../../../toolchain/tools/tools.ts";

/** Files of set-up whose path ends so. */
const files = (ending: string): string[] =>
	readdirSync(join(project, "toolchain"), { recursive: true, encoding: "utf8" })
		.filter((path) => path.endsWith(ending))
		.map((path) => join("toolchain", path));

const read = (...path: string[]) => readFileSync(join(project, ...path), "utf8");

describe("npm packages", () => {
	const { dependencies, devDependencies, peerDependencies } = JSON.parse(read("package.json"));
	const own: Record<string, string> = { ...dependencies, ...devDependencies };
	const lock = JSON.parse(read("package-lock.json"));
	const examples = readdirSync(join(project, "examples")).map((name) => `examples/${name}`);
	/** The lab, its examples, and the links that lead to them from node_modules. */
	const ours = (name: string) =>
		name === "" || name === "node_modules/nodeport-lab" || examples.includes(lock.packages[name].resolved ?? name);

	it("are required in exact versions", () => {
		const versions = Object.values(own);
		expect(versions.length).toBeGreaterThan(10);
		for (const version of versions) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
	});

	it("have a hash each in the lock file, and no URL of their own", () => {
		expect(lock.packages[""]).toMatchObject({ dependencies, devDependencies, peerDependencies });
		const packages = Object.entries<Record<string, string | boolean>>(lock.packages).filter(([name]) => !ours(name));
		expect(packages.length).toBeGreaterThan(100);
		for (const [name, { integrity, resolved }] of packages) {
			expect({ name, resolved, integrity }).toEqual({
				name,
				integrity: expect.stringMatching(/^sha512-[\w+/]{86}==$/),
			});
		}
	});

	it("have the same version in the examples as in the lab", () => {
		for (const example of examples) {
			const { dependencies: asked } = JSON.parse(read(example, "package.json"));
			const { "nodeport-lab": lab, ...others } = asked;
			expect(lab).toBe("file:../..");
			expect(Object.keys(others)).toContain("@pulumi/pulumi");
			for (const [name, version] of Object.entries(others)) expect([name, version]).toEqual([name, own[name]]);
		}
	});
});

describe("Go modules", () => {
	const modules = readdirSync(join(project, "toolchain/go"));

	it.each(modules)("of %s have a version each in go.mod and a hash in go.sum", (name) => {
		const [mod, sum] = [read("toolchain/go", name, "go.mod"), read("toolchain/go", name, "go.sum")];
		const replaced = new Map([...mod.matchAll(/^replace (\S+) => (\S+ v\S+)$/gm)].map(([, from, to]) => [from, to]));
		const required = [...mod.matchAll(/^(?:require |\t)(\S+) (v\S+)/gm)];
		expect(required.length).toBeGreaterThan(3);
		for (const [, module = "", version] of required) {
			expect(`\n${sum}`).toContain(`\n${replaced.get(module) ?? `${module} ${version}`} h1:`);
		}
	});

	it("aren't needed by this project's own programs", () => {
		for (const path of files("go.mod").filter((path) => path.includes("images"))) {
			expect(read(path)).not.toMatch(/require/);
		}
	});
});

describe("images", () => {
	const dockerfiles = files("Dockerfile");

	it.each(dockerfiles)("that %s builds on are scratch, or a build argument", (path) => {
		const lines = read(path).match(/^FROM .*$/gm) ?? [];
		expect(lines.length).toBeGreaterThan(0);
		// The callers give BASE by its digest, and ECHO as the image that they have just built.
		for (const line of lines) expect(line).toMatch(/^FROM (scratch|\$\{(BASE|ECHO)\})( AS \w+)?$/);
	});

	it.each([
		["the echo", buildEcho],
		["dnsutils", buildDnsutils],
	] as const)("from a registry that %s builds on have a digest", async (_, build) => {
		vi.spyOn(goCommand, "hasGo").mockResolvedValue(false);
		const commands: string[] = [];
		const run: Run = async (_, args) => {
			commands.push(args.join(" "));
			return { stdout: "" };
		};
		await build({ run, work: "", bin: "" });
		const [command] = commands.filter((args) => args.startsWith("build "));
		expect(command).toMatch(/ --build-arg BASE=[\w/.-]+@sha256:[0-9a-f]{64}( |$)/);
	});

	it("from a registry are always named with a digest", () => {
		for (const path of files(".ts")) {
			const pulled = read(path).match(
				/"(?:kindest\/|golang[:@]|debian[:@]|registry\.|docker\.io\/|ghcr\.io|quay\.io)[^"]*"/g,
			);
			for (const name of pulled ?? []) expect(`${path} ${name}`).toMatch(/@sha256:[0-9a-f]{64}"$/);
		}
	});
});

describe("tools", () => {
	it.each([kind, kubectl, pulumi])("such as $name are downloaded over https with their vendor's checksums", (tool) => {
		const downloads = tool.downloads("v1.2.3");
		expect(downloads.length).toBeGreaterThan(0);
		for (const { url, checksums } of downloads) {
			expect(new URL(url).protocol).toBe("https:");
			expect(new URL(checksums).origin).toBe(new URL(url).origin);
			expect(checksums).toMatch(/sha256|checksums/);
			expect(url).toContain("1.2.3");
		}
	});
});

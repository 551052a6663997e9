import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { buildKey, makeBuild, moduleVersion } from "../../../../toolchain/builds/goModule.ts";
import { nodeBuilds } from "../../../../toolchain/builds/nodePrograms.ts";
import { project } from "../../../../toolchain/layout.ts";
import { providerBuild } from "../../../../toolchain/plugins/officialProvider.ts";
import { kind, kubectl, pulumi } from "../../../../toolchain/tools/tools.ts";
import { temporaryFolder } from "../../temporary.ts";

temporaryFolder();

const builds = [kind.build, pulumi.build, ...nodeBuilds, providerBuild];

test("every folder in go/ has a build, and its go.mod pins the version", async () => {
	const versions = await Promise.all(builds.map(moduleVersion));
	for (const version of versions) expect(version).toMatch(/^v\d+\.\d+\.\d+(-\d{14}-[0-9a-f]{12})?$/);
	const folders = new Set(builds.map(({ name }) => name));
	expect([...folders].sort()).toEqual(readdirSync(join(project, "toolchain/go")).sort());
});

test("fails if go.mod doesn't require the module", async () => {
	await expect(moduleVersion({ ...kind.build, module: "example.com/none" })).rejects.toThrow("does not require");
});

test.each([
	["packages", { packages: ["sigs.k8s.io/kind/other"] }],
	["flags", { ldflags: "-X main.version={version}" }],
	["program", { program: "other" }],
])("other %s make another key", async (_, change) => {
	expect(await buildKey({ ...kind.build, ...change })).not.toBe(await buildKey(kind.build));
});

test("go builds only from the pinned modules, and puts the version into the program", async () => {
	const run = vi.fn(async () => ({ stdout: "" }));
	const folder = await makeBuild(kubectl.build, run);
	expect(run).toHaveBeenCalledOnce();
	const [file, args, options] = run.mock.calls[0] as unknown as [string, string[], { env: Record<string, string> }];
	expect(file).toBe("go");
	expect(args.join(" ")).toContain(`gitVersion=${await moduleVersion(kubectl.build)}`);
	expect(args.at(-1)).toBe("k8s.io/kubernetes/cmd/kubectl");
	expect(options.env).toMatchObject({
		CGO_ENABLED: "0",
		GOWORK: "off",
		GOFLAGS: expect.stringContaining("-mod=readonly"),
	});
	expect(await makeBuild(kubectl.build, run)).toBe(folder);
	expect(run).toHaveBeenCalledOnce();
});

test("fails and names what to install if Go is missing", async () => {
	vi.stubEnv("PATH", "/nonexistent");
	const run = () => Promise.reject(new Error("run"));
	await expect(makeBuild(kind.build, run)).rejects.toMatchObject({
		message: expect.stringContaining("Go"),
		fix: expect.stringContaining("go.dev"),
	});
});

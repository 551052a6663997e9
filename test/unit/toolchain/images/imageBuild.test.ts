import { beforeEach, expect, test } from "vitest";
import { dockerBuild } from "../../../../toolchain/images/imageBuild.ts";
import type { Run } from "../../../../toolchain/run.ts";

/** The images that the engine has. */
const there = new Set<string>();
const calls: string[] = [];
let plugins = "";
let keepsPulled = true;

let environment: Record<string, string | undefined> = {};

const run: Run = async (_, args, { env = {} } = {}) => {
	const call = args.join(" ");
	calls.push(call);
	if (args[0] === "build") environment = env;
	if (args[0] === "context") return { stdout: "rootless" };
	if (args[0] === "info") return { stdout: plugins };
	if (call.startsWith("image ls")) return { stdout: there.has(args.at(-1) ?? "") ? "sha256:1" : "" };
	if (call.startsWith("image rm")) there.delete(args.at(-1) ?? "");
	const base = /BASE=(\S+)/.exec(call)?.[1];
	if (args[0] === "build" && base && keepsPulled) there.add(base);
	return { stdout: "" };
};

beforeEach(() => {
	there.clear();
	calls.length = 0;
	plugins = "";
	keepsPulled = true;
});

const build = () => dockerBuild(run, "lab/echo", "/source", { BASE: "golang:1" });

test("removes a base image that the build pulled, and the stages that it left", async () => {
	await build();
	expect(calls.at(-2)).toBe("image rm golang:1");
	expect(calls.at(-1)).toMatch(/^image prune .*label=/);
});

test("keeps a base image that existed before", async () => {
	there.add("golang:1");
	await build();
	expect([...there]).toEqual(["golang:1"]);
});

test("doesn't remove a base image that the builder keeps in its own cache", async () => {
	plugins = "compose buildx";
	keepsPulled = false;
	await build();
	expect(calls.join("\n")).toContain("build --tag lab/echo --label nodeport-lab= --load --build-arg BASE=golang:1");
	expect(calls.join("\n")).not.toContain("image rm");
});

test.each([
	[
		"with buildx, in the engine's own builder, not in another one that is chosen",
		"buildx",
		{ BUILDX_BUILDER: "rootless" },
	],
	["without buildx, by the engine itself", "", { DOCKER_BUILDKIT: "0" }],
])("the images that were built before are found: %s", async (_, installed, settings) => {
	plugins = installed;
	await build();
	expect(environment).toMatchObject(settings);
});

test("a second build begins only when the first one has ended and its stages are removed", async () => {
	await Promise.all([build(), build()]);
	const steps = calls.filter((call) => /^(build|image prune)/.test(call)).map((call) => call.split(" ")[0]);
	expect(steps).toEqual(["build", "image", "build", "image"]);
});

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa, type Options } from "execa";
import { beforeEach, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { images } from "../../../../toolchain/images/context.ts";
import { dnsutilsStep, echoStep, nodeStep } from "../../../../toolchain/images/imageSteps.ts";
import { project } from "../../../../toolchain/layout.ts";
import type { Work } from "../../../../toolchain/steps/step.ts";
import { temporaryFolder, writeProgram } from "../../temporary.ts";

vi.mock(import("../../../../toolchain/tools/download.ts"), async (original) => ({
	...(await original()),
	whyUnreachable: async () => process.env.UNREACHABLE,
}));

// A program's time, where a test shortens it.
vi.mock(import("execa"), async (original) => {
	const real = await original();
	const execa = (file: string, args: string[], options: Options = {}) =>
		real.execa(file, args, { ...options, ...(process.env.TIMEOUT && { timeout: Number(process.env.TIMEOUT) }) });
	return { ...real, execa: execa as unknown as typeof real.execa };
});

const folder = temporaryFolder();
const calls = (): string => readFileSync(join(folder.path, "calls"), "utf8");

/** An engine whose images are files, named after the image, that hold its id. */
const engine = `echo "$*" >>"$ENGINE/calls"
file() { echo "$ENGINE/images/$(echo "$1" | tr / _)"; }
case "$1 $2" in
"image inspect") cat "$(file "$5")" 2>/dev/null ;;
"image rm") rm -f "$(file "$3")" ;;
"pull "*) echo sha256:pulled >"$(file "$2")" ;;
"tag "*) cp "$(file "$2")" "$(file "$3")" ;;
"info "*) echo '{"ServerVersion": "27.0", "RegistryConfig": {"Mirrors": '"\${MIRRORS:-[]}"'}}' ;;
"ps "*) ;;
*) echo "docker: not expected: $*" >&2; exit 1 ;;
esac`;

beforeEach(() => {
	mkdirSync(join(folder.path, "images"));
	writeProgram(join(folder.path, "bin/docker"), engine);
	vi.stubEnv("ENGINE", folder.path);
	vi.stubEnv("PATH", `${join(folder.path, "bin")}:/usr/bin:/bin`);
});

const work: Work = {
	run: async (file, args, options) => ({ stdout: String((await execa(file, args, options)).stdout) }),
	part: (_, part) => part(),
	say: () => {},
	note: () => {},
	done: () => Promise.reject(new Error("no step is to be waited for")),
};

test("the images that set-up builds are the stack's defaults", () => {
	const { config } = parse(readFileSync(join(project, "Pulumi.yaml"), "utf8"));
	const { node, echo, dnsutils } = images;
	expect({ node, echo, dnsutils }).toEqual({
		node: config.nodeImage.default,
		echo: config.echoImage.default,
		dnsutils: config.dnsutilsImage.default,
	});
});

test("dnsutils is built after the echo, whose program it contains", () => {
	expect(dnsutilsStep.needs).toContain(echoStep);
});

test.each([
	["a registry answers", undefined, "[]"],
	["the engine has a mirror of its own", "no answer", '["https://mirror.example"]'],
])("if %s, the node image is pulled by its digest, and found afterwards", async (_, unreachable, mirrors) => {
	if (unreachable) vi.stubEnv("UNREACHABLE", unreachable);
	vi.stubEnv("MIRRORS", mirrors);
	expect(await nodeStep.find()).toBeUndefined();
	await nodeStep.get(work);
	expect(calls()).toMatch(/^pull kindest\/node:v1\.36\.\d+@sha256:[0-9a-f]{64}$/m);
	expect(await nodeStep.find()).toEqual({ what: `image ${images.node}`, how: "downloaded" });
});

test("an image that set-up didn't build from the current sources isn't used", async () => {
	await nodeStep.get(work);
	writeFileSync(join(folder.path, "images", images.node.replaceAll("/", "_")), "sha256:other");
	expect(await nodeStep.find()).toBeUndefined();
});

test("an engine that lost its data has no image, even if one was recorded", async () => {
	await nodeStep.get(work);
	await execa("docker", ["image", "rm", images.node]);
	expect(await nodeStep.find()).toBeUndefined();
});

test.each([echoStep, dnsutilsStep, nodeStep])("$title isn't found if no engine answers", async (step) => {
	writeProgram(join(folder.path, "bin/docker"), "echo Cannot connect >&2; exit 1");
	expect(await step.find()).toBeUndefined();
});

test.each([echoStep, dnsutilsStep, nodeStep])(
	"$title is not reported as missing if the engine hangs: that is reported",
	async (step) => {
		writeProgram(join(folder.path, "bin/docker"), "exec sleep 60");
		vi.stubEnv("TIMEOUT", "100");
		await expect(step.find()).rejects.toThrow(/reported within 10 s whether it has/);
	},
);

test("fails and names what to install if neither Go nor a pulled image can build the echo", async () => {
	vi.stubEnv("UNREACHABLE", "no answer");
	await expect(echoStep.get(work)).rejects.toMatchObject({ fix: expect.stringContaining("go.dev") });
});

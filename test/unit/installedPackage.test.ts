/**
 * The package as npm packs it, in programs outside the repository, in a folder whose name has a space, "%", "#" and a letter
 * outside ASCII. test/integration/package/packedPackage.test.ts installs it with npm, and creates a cluster.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";

const example = resolve("examples/smallest");
const rules = resolve("test/fixtures/trace/nodeport-worker.iptables.txt");

let scratch: string;
let tarball: string;
/** Of the installed package. */
let installed: string;
let folder: string;

beforeAll(async () => {
	scratch = mkdtempSync(join(tmpdir(), "nodeport-lab-test-"));
	await execa("npm", ["pack", "--pack-destination", scratch]);
	tarball = join(scratch, readdirSync(scratch)[0] ?? "");
	folder = join(scratch, "my stäck %41 #1");
	installed = join(folder, "node_modules", "nodeport-lab");
	mkdirSync(installed, { recursive: true });
	await execa("tar", ["-xzf", tarball, "--strip-components=1", "-C", installed]);
	// What npm would install next to it.
	for (const name of ["@pulumi", "@types", "typescript"])
		symlinkSync(resolve("node_modules", name), join(folder, "node_modules", name));
}, 180_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Runs in the program's folder, and fails as a whole if the program does. */
const run = (...args: string[]) => execa("node", args, { cwd: folder, preferLocal: false });

/** Mocks of a program's resources that print each Command. */
const mocks = `
const pulumi = require("@pulumi/pulumi");
pulumi.runtime.setMocks({
	newResource: ({ name, type, inputs }) => {
		if (inputs.create) console.log(name, inputs.create);
		const stdout = JSON.stringify({ ok: true, checkedAt: "", requests: [], findings: [] });
		return { id: name, state: { metadata: { name, namespace: "shop", uid: "u" }, ...inputs, stdout } };
	},
	call: () => ({}),
}, "project", "stack", false);
`;

it("contains what it needs at run time and nothing else, in less than 3 MB", () => {
	expect(readdirSync(installed).sort()).toEqual([
		"CHANGELOG.md",
		"LICENSE",
		"README.md",
		"cli",
		"dist",
		"package.json",
	]);
	expect(readdirSync(join(installed, "cli", "tool"))).toEqual(["nodeport-lab.mjs"]);
	const page = ["dist", "files", "report"];
	expect(readdirSync(join(installed, ...page, "diagnosis"))).toContain("diagnosisPage.css");
	expect(readdirSync(join(installed, ...page, "html"))).toContain("page.css");
	expect(statSync(tarball).size).toBeLessThan(3_000_000);
});

it("type checks in Pulumi's plain template, declarations included", async () => {
	for (const file of ["index.ts", "tsconfig.json"]) cpSync(join(example, file), join(folder, file));
	await run(join("node_modules", "typescript", "bin", "tsc"), "--noEmit", "--project", ".");
}, 300_000);

it("runs in that template, through the ts-node of Pulumi's SDK", async () => {
	cpSync(join(example, "tsconfig.json"), join(folder, "tsconfig.json"));
	const program = `
import * as k8s from "@pulumi/kubernetes";
import { NodePortCheck } from "nodeport-lab";
import { requireLab, schema } from "nodeport-lab/contract";
import { parseRules } from "nodeport-lab/netfilter";
console.log(typeof requireLab, schema, typeof parseRules);
const service = new k8s.core.v1.Service("web", { spec: { type: "NodePort" } });
export const check = new NodePortCheck("web", { service, expect: { from: ["nodes"] } }).checkedAt;
`;
	writeFileSync(join(folder, "index.ts"), program);
	const register = `${mocks}
const { tsnodeRequire, typescriptRequire } = require("@pulumi/pulumi/tsutils").typeScriptRequireStrings();
require(tsnodeRequire).register({ transpileOnly: true, compiler: typescriptRequire });
require("./index.ts");
`;
	writeFileSync(join(folder, "run.js"), register);
	const { stdout } = await run("run.js");
	expect(stdout).toContain("function nodeport-lab/v1 function");
	expect(stdout).toContain("web-run node node_modules/nodeport-lab/dist/programs/checkProgram.js");
}, 120_000);

it("runs in an ES module, where the entry points share what they export", async () => {
	const program = `
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
${mocks}
const { OutsideClient, UserError } = await import("nodeport-lab");
const contract = await import("nodeport-lab/contract");
console.log(contract.UserError === UserError);
new OutsideClient("client", { cluster: { id: "i", name: "n" }, image: "none" });
`;
	writeFileSync(join(folder, "module.mjs"), program);
	const { stdout } = await run("module.mjs");
	expect(stdout).toMatch(/^true\n/);
}, 120_000);

it("finds the program that a command starts: its errors name fixes that don't need the repository", async () => {
	const program = join(installed, "dist", "programs", "kindProgram.js");
	const input = JSON.stringify({ cluster: "c", image: "i", nodes: [] });
	const options = { cwd: folder, input, reject: false, env: { PATH: "" }, extendEnv: false } as const;
	const { exitCode, stderr } = await execa(process.execPath, [program, "load"], options);
	expect(exitCode, stderr).toBe(1);
	expect(stderr).toMatch(/is not on PATH; fix: install it, or add its folder to PATH/);
}, 60_000);

it("brings the command nodeport-lab, without the commands of the lab", async () => {
	const program = join(installed, "cli", "tool", "nodeport-lab.mjs");
	const { stdout } = await run(program, "--help");
	expect(stdout).toMatch(/^ {2}diagnose /m);
	expect(stdout).not.toMatch(/^ {2}start /m);
	const packet = ["--from", "198.51.100.7", "--to", "172.18.0.8:30040", "--node-ip", "172.18.0.8"];
	const explained = await run(program, "explain", "--rules", rules, ...packet);
	expect(explained.stdout).toContain("10.244.1.10:8080");
	const lab = await execa("node", [program, "explain", "--from", "a", "--to", "b"], { cwd: folder, reject: false });
	expect(lab.stderr).toBe(
		"error: explain without a Service explains the lab of the repository; fix: nodeport-lab explain <namespace>/<service>",
	);
}, 60_000);

import { execa } from "execa";
import { expect, it } from "vitest";
import { parseArguments } from "../../../cli/arguments.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();
const project = process.cwd();

/** Runs a command where no lab is: what it says of its arguments, it says before it looks for one. */
const run = (script: string, ...args: string[]) =>
	execa("node", ["--import", `${project}/node_modules/tsx/dist/loader.mjs`, `${project}/${script}`, ...args], {
		cwd: folder.path,
		env: { COLUMNS: "1000" },
		reject: false,
		all: true,
	});

const options = { from: { type: "string" }, trace: { type: "boolean" } } as const;

it.each([
	[["--colour"], "Unknown option '--colour'"],
	[["--from"], "Option '--from <value>' argument missing"],
	[["--from", "--trace"], "Option '--from' argument is ambiguous"],
	[["--from", "a", "b"], "Unexpected argument 'b'"],
	[["--trace=yes"], "Option '--trace' does not take an argument"],
])("refuses %j in one line, with the usage", (args, what) => {
	expect(() => parseArguments("npm run x -- [--trace]", { options, args })).toThrow(
		new RegExp(`^${what}; usage: npm run x -- \\[--trace\\]$`),
	);
});

it.each([
	[
		"cli/explain.ts",
		/^usage: npm run explain -- .*\n {2}--from .*\n {2}--to .* clusterIp, .*\n {2}--protocol .*\n {2}--family .*\n {2}--verbose .*\n {2}--trace /,
	],
	["cli/drawbacks.ts", /^usage: npm run drawbacks -- .*\n {2}client-ip-lost: Which client IP does the pod see\?\n/],
	["cli/verify.ts", /^usage: npm run verify \[-- --verbose\]\n {2}--verbose .*$/],
	["cli/setup.ts", /^usage: npm run setup\n.*$/],
])("%s --help only prints the usage", async (script, help) => {
	const { exitCode, stdout, stderr } = await run(script, "--help");
	expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
	expect(stdout).toMatch(help);
});

it.each([
	["cli/explain.ts", ["--from", "dnsutils"], "--from and --to are required; usage: npm run explain -- --from <client>"],
	["cli/drawbacks.ts", ["--skip", "me"], 'experiment "me" not found; experiments: client-ip-lost, '],
	[
		"cli/drawbacks.ts",
		["--services", "9,2"],
		'--services: got "9,2", allowed: numbers from 1 to 50000 in ascending order',
	],
	["cli/drawbacks.ts", ["--services", "1,"], '--services: got "1,", allowed: '],
	["cli/drawbacks.ts", ["--services", "50001"], '--services: got "50001", allowed: '],
	["cli/start.ts", ["--stack", "other"], "Unknown option '--stack'; usage: npm start"],
	["cli/destroy.ts", ["--stack", "other"], "Unknown option '--stack'; usage: npm run destroy"],
	["cli/renderReport.ts", ["--html"], "Unknown option '--html'; usage: npm run report"],
	["cli/renderReport.ts", [], "the lab isn't verified yet (out/verification.json not found); fix: npm start"],
	["cli/verify.ts", [], "the lab isn't verified yet (out/verification.json not found); fix: npm start"],
])("%s %j changes nothing, exits with 1 and prints one line", async (script, args, message) => {
	const { exitCode, stdout, stderr } = await run(script, ...args);
	expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
	expect(stderr).toMatch(/^error: [^\n]*$/);
	expect(stderr).toContain(message);
});

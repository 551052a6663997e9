import { createHash } from "node:crypto";
import {
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { project } from "../../../toolchain/layout.ts";
import { writeProgram } from "../temporary.ts";

// bootstrap.mjs in a project of its own, whose npm and set-up are scripts.
let folder: string;
const at = (...parts: string[]): string => join(folder, ...parts);

const npm = `echo "npm $*" >>"$CALLS"; sleep "\${NPM_TIME:-0}"; [ -z "\${NPM_FAILS-}" ] || { echo "npm error E404"; exit 1; }
mkdir -p node_modules/.bin`;
const setUp = `import { appendFileSync, writeFileSync } from "node:fs";
appendFileSync(process.env.CALLS, ["setup", ...process.argv.slice(2)].join(" ") + "\\n");
console.log("set-up says");
writeFileSync(".toolchain/env", "export LAB=yes\\n");
process.exit(Number(process.env.SETUP_CODE ?? 0));`;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "nodeport-lab-bootstrap-"));
	for (const name of ["cli", "toolchain"]) mkdirSync(at(name));
	cpSync(join(project, "toolchain/bootstrap.mjs"), at("toolchain/bootstrap.mjs"));
	cpSync(join(project, "package.json"), at("package.json"));
	for (const file of ["lib/program.mjs", "lib/programs/bundle.mjs", "lib/atomicFile.ts"])
		cpSync(join(project, file), at(file));
	writeFileSync(at("package-lock.json"), "{}");
	writeFileSync(at("cli/setup.ts"), setUp);
	writeProgram(at("path/npm"), npm);
	writeFileSync(at("calls"), "");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function bootstrap(args: string[], env: Record<string, string> = {}) {
	const path = `${at("path")}:${process.env.PATH}`;
	return execa(process.execPath, [at("toolchain/bootstrap.mjs"), ...args], {
		cwd: folder,
		reject: false,
		stdin: "ignore",
		env: { PATH: path, CALLS: at("calls"), ...env },
	});
}

const calls = (): string[] => readFileSync(at("calls"), "utf8").trim().split("\n");
/** Waits until npm runs, and the lock names it beside its bootstrap. */
async function npmRuns(): Promise<void> {
	const lock = at(".toolchain/npm.lock");
	while (!existsSync(lock) || !readFileSync(lock, "utf8").includes(" ") || calls()[0] === "") await sleep(20);
}

const packagesOnly = (...command: string[]): string[] => ["--packages-only", ...command];

test("installs the locked packages once, and again if the lock file changes or they are removed", async () => {
	await bootstrap(packagesOnly("true"));
	await bootstrap(packagesOnly("true"));
	expect(calls()).toEqual(["npm ci --ignore-scripts --include=dev --no-audit --no-fund"]);
	writeFileSync(at("package-lock.json"), "{ }");
	await bootstrap(packagesOnly("true"));
	expect(calls()).toHaveLength(2);
	rmSync(at("node_modules"), { recursive: true });
	await bootstrap(packagesOnly("true"));
	expect(calls()).toHaveLength(3);
});

test("a second run at the same time waits, reports that, installs nothing, and leaves no lock", async () => {
	const first = bootstrap(packagesOnly("true"), { NPM_TIME: "2" });
	await npmRuns();
	const second = await bootstrap(packagesOnly("sh", "-c", "test -e .toolchain/npm.lock || echo free"));
	expect((await first).exitCode).toBe(0);
	expect(second.stderr).toMatch(/^Another run \(process \d+\) is installing the npm packages; waiting for it\.$/m);
	expect(second.stdout).toBe("free");
	expect(calls()).toHaveLength(1);
});

test("after a kill, the next run waits for the npm that is still running, and installs again", async () => {
	const killed = bootstrap(packagesOnly("true"), { NPM_TIME: "2" });
	await npmRuns();
	killed.kill("SIGKILL");
	await killed;
	const { exitCode, stderr } = await bootstrap(packagesOnly("true"));
	expect(exitCode).toBe(0);
	expect(stderr).toContain("waiting for it");
	expect(calls()).toHaveLength(2);
});

test.each([
	["of a process that ended", "4194304", 0],
	["from before a reboot, whose process is another one by now", String(process.pid), 3600],
])("a lock %s doesn't block", async (_, holder, secondsOld) => {
	mkdirSync(at(".toolchain"));
	writeFileSync(at(".toolchain/npm.lock"), holder);
	const time = Date.now() / 1000 - secondsOld;
	utimesSync(at(".toolchain/npm.lock"), time, time);
	const { exitCode, stderr } = await bootstrap(packagesOnly("true"));
	expect(exitCode).toBe(0);
	expect(stderr).not.toContain("waiting");
	expect(existsSync(at(".toolchain/npm.lock"))).toBe(false);
});

test("fails with npm's error, its log and the fix, and tries again the next time", async () => {
	const { exitCode, stderr } = await bootstrap(packagesOnly("true"), { NPM_FAILS: "1" });
	expect(exitCode).toBe(1);
	expect(stderr).toContain("  npm error E404\n");
	expect(stderr).toContain(`Log: ${at(".toolchain/logs/npm.log")}`);
	expect(stderr).toContain("run the command again");
	expect((await bootstrap(packagesOnly("true"))).exitCode).toBe(0);
});

/** As if the packages were installed, with the real tsx for the set-up. */
function installed(): void {
	mkdirSync(at("node_modules/.bin"), { recursive: true });
	mkdirSync(at(".toolchain"));
	for (const name of ["tsx", "esbuild", "@esbuild", "get-tsconfig", "resolve-pkg-maps"]) {
		if (existsSync(join(project, "node_modules", name))) {
			symlinkSync(join(project, "node_modules", name), at("node_modules", name));
		}
	}
	const key = createHash("sha256").update(`${process.platform} ${process.arch}\n`).update("{}").digest("hex");
	writeFileSync(at("node_modules/.nodeport-lab-packages"), key);
}

test("the command runs after set-up, in its environment; only the command writes to stdout", async () => {
	installed();
	writeProgram(at("node_modules/.bin/lab"), 'echo "lab $LAB $*"');
	const { stdout, stderr, exitCode } = await bootstrap(["lab", "a b", "c"]);
	expect({ stdout, exitCode }).toEqual({ stdout: "lab yes a b c", exitCode: 0 });
	expect(stderr).toContain("set-up says");
	expect(calls()).toEqual(["setup --brief"]);
});

test.each([
	["a command that gets --verbose", ["lab", "--verbose"]],
	["--set-up", ["--set-up", "lab"]],
])("set-up prints what it found with %s", async (_, args) => {
	installed();
	writeProgram(at("node_modules/.bin/lab"), "echo ran");
	expect((await bootstrap(args)).stdout).toBe("ran");
	expect(calls()).toEqual(["setup"]);
});

test("with --set-up and --help, set-up prints its help, and the command doesn't run", async () => {
	installed();
	writeProgram(at("node_modules/.bin/lab"), "echo ran");
	const { stdout, exitCode } = await bootstrap(["--set-up", "lab", "--help"]);
	expect({ stdout, exitCode }).toEqual({ stdout: "set-up says", exitCode: 0 });
	expect(calls()).toEqual(["setup --help"]);
});

test("with --packages-only, set-up doesn't run", async () => {
	installed();
	const { stdout } = await bootstrap(packagesOnly("sh", "-c", "echo LAB=$LAB"));
	expect(stdout).toBe("LAB=");
	expect(calls()).toEqual([""]);
});

test.each(["--for-stack", "--for-tests"])("%s is passed to the set-up, not to the command", async (option) => {
	installed();
	const { stdout } = await bootstrap([option, "sh", "-c", "echo ran $*"]);
	expect(stdout).toBe("ran");
	expect(calls()).toEqual([`setup ${option} --brief`]);
});

const doctor = `import { appendFileSync } from "node:fs";
appendFileSync(process.env.CALLS, ["doctor", ...process.argv.slice(2)].join(" ") + "\\n");
process.exit(Number(process.env.DOCTOR_CODE ?? 0));`;

test("with --for-start, the doctor runs before the set-up of the stack", async () => {
	installed();
	writeFileSync(at("cli/doctor.ts"), doctor);
	const { stdout, exitCode } = await bootstrap(["--for-start", "sh", "-c", "echo ran $*"]);
	expect({ stdout, exitCode }).toEqual({ stdout: "ran", exitCode: 0 });
	expect(calls()).toEqual(["doctor --brief", "setup --for-stack --brief"]);
});

test("if the doctor finds that the lab can't work, neither set-up nor the command runs", async () => {
	installed();
	writeFileSync(at("cli/doctor.ts"), doctor);
	const failed = await bootstrap(["--for-start", "echo", "ran"], { DOCTOR_CODE: "1" });
	expect(failed).toMatchObject({ exitCode: 1, stdout: "" });
	expect(calls()).toEqual(["doctor --brief"]);
});

test.each([
	["--for-start", "--help"],
	["--for-stack", "--help"],
	["--for-stack", "-h"],
	["--for-tests", "--help"],
	["--packages-only", "--help"],
])("with %s, a command that gets %s runs without the doctor and set-up", async (option, help) => {
	installed();
	writeFileSync(at("cli/doctor.ts"), doctor);
	const { stdout, exitCode } = await bootstrap([option, "sh", "-c", 'echo "$@"', "lab", help]);
	expect({ stdout, exitCode }).toEqual({ stdout: help, exitCode: 0 });
	expect(calls()).toEqual([""]);
});

test("a script without an option doesn't run set-up for --help either", async () => {
	installed();
	writeProgram(at("node_modules/.bin/lab"), 'echo "lab $*"');
	expect(await bootstrap(["lab", "--help"])).toMatchObject({ stdout: "lab --help", exitCode: 0 });
	expect(calls()).toEqual([""]);
});

test("if set-up fails, the command doesn't run, and the exit code is set-up's", async () => {
	installed();
	expect(await bootstrap(["echo", "ran"], { SETUP_CODE: "3" })).toMatchObject({ exitCode: 3, stdout: "" });
});

test.each([
	["its exit code", "exit 7", 7],
	["128 and the number of the signal that ended it", "kill -TERM $$", 143],
])("the script ends as the command does: %s", async (_, script, code) => {
	installed();
	expect((await bootstrap(packagesOnly("sh", "-c", script))).exitCode).toBe(code);
});

test.each(["SIGTERM", "SIGHUP", "SIGINT"] as const)(
	"%s reaches the command, which ends in its own way",
	async (signal) => {
		installed();
		const script = `trap 'echo ended; exit 5' ${signal.slice(3)}; touch ready; while :; do sleep 0.05; done`;
		const running = bootstrap(packagesOnly("sh", "-c", script));
		while (!existsSync(at("ready"))) await sleep(20);
		running.kill(signal);
		expect(await running).toMatchObject({ exitCode: 5, stdout: "ended" });
	},
);

/**
 * Where every npm script starts: `node toolchain/bootstrap.mjs [option] [command …]`.
 *
 * It installs the npm packages of package-lock.json if they are missing or outdated. Then it runs set-up: not with
 * --packages-only, with --for-stack only what the stack's cluster needs, with --for-start the same after the doctor, with
 * --for-tests also what only tests need. With --set-up it prints what set-up found. Last it runs the command in the environment of .toolchain/env;
 * node_modules/.bin is on PATH. A command that gets --help or -h runs without the doctor and set-up; with --set-up, set-up
 * prints its help.
 * It imports only Node's own modules, because a fresh clone has no others.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
	existsSync,
	linkSync,
	mkdirSync,
	openSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isatty } from "node:tty";
import { fileURLToPath } from "node:url";

const project = fileURLToPath(new URL("..", import.meta.url));
const toolchain = join(project, ".toolchain");
const packagesLog = join(toolchain, "logs", "npm.log");
const packagesLock = join(toolchain, "npm.lock");
// In node_modules, so that it is removed with that folder.
const packagesRecord = join(project, "node_modules", ".nodeport-lab-packages");

function fail(message, code = 1) {
	console.error(message);
	process.exit(code);
}

function checkNode() {
	const { engines } = JSON.parse(readFileSync(join(project, "package.json"), "utf8"));
	const [major, minor] = /(\d+)\.(\d+)/.exec(engines.node).slice(1).map(Number);
	const [gotMajor, gotMinor] = process.versions.node.split(".").map(Number);
	if (gotMajor < major || (gotMajor === major && gotMinor < minor)) {
		fail(
			`This project needs Node.js ${major}.${minor} or newer; this is ${process.versions.node}. ` +
				"Install a newer one (https://nodejs.org/en/download) and run the command again.",
		);
	}
	if (process.platform === "win32") fail("This project runs on Linux and macOS; on Windows, run it inside WSL 2.");
}

/**
 * Runs a program and forwards signals to it. A terminal sends Ctrl-C to the program itself; if it arrived twice, Pulumi
 * would abandon a running update.
 * @returns its exit code, or 128 plus the signal's number, as in a shell
 */
function run(file, args, options, started = () => {}) {
	const terminal = [0, 1, 2].some((descriptor) => isatty(descriptor));
	const child = spawn(file, args, options);
	started(child.pid);
	const passOn = (signal) => (signal === "SIGINT" && terminal) || child.kill(signal);
	const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
	for (const signal of signals) process.on(signal, passOn);
	return new Promise((resolve, reject) => {
		child.on("error", reject);
		child.on("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
	}).finally(() => {
		for (const signal of signals) process.off(signal, passOn);
	});
}

/** Some packages are built for one platform only. */
function packagesKey() {
	const lock = readFileSync(join(project, "package-lock.json"));
	return createHash("sha256").update(`${process.platform} ${process.arch}\n`).update(lock).digest("hex");
}

const packagesAreCurrent = () => existsSync(packagesRecord) && readFileSync(packagesRecord, "utf8") === packagesKey();

const isAlive = (pid) => {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return error.code === "EPERM";
	}
};

// Longer than any installation takes. After a reboot, another process may have the holder's pid.
const lockLasts = 15 * 60_000;

/** The pid of the process that holds the lock: a bootstrap, or its npm if it was killed. 0 if neither is running. */
function lockHolder() {
	if (Date.now() - statSync(packagesLock).mtimeMs > lockLasts) return 0;
	return readFileSync(packagesLock, "utf8").split(" ").map(Number).find(isAlive) ?? 0;
}

function unlockPackages() {
	process.off("exit", unlockPackages);
	rmSync(packagesLock, { force: true });
}

/** Takes the lock unless a running process holds it. @returns 0, or that process's pid */
function tryLock() {
	const own = `${packagesLock}.${process.pid}`;
	writeFileSync(own, String(process.pid));
	try {
		// A link appears together with its content, so nobody reads a lock without a pid.
		linkSync(own, packagesLock);
		process.on("exit", unlockPackages);
		return 0;
	} catch (error) {
		if (error.code !== "EEXIST") throw error;
		const holder = lockHolder();
		if (holder !== 0) return holder;
		// A killed run left the lock. If two processes see that, only one of them can rename it.
		renameSync(packagesLock, own);
		return tryLock();
	} finally {
		rmSync(own, { force: true });
	}
}

/** Keeps the lock until this process has ended too: npm goes on if its bootstrap is killed. */
function addHolder(pid) {
	const own = `${packagesLock}.${process.pid}`;
	writeFileSync(own, `${process.pid} ${pid}`);
	renameSync(own, packagesLock);
}

async function lockPackages() {
	for (let waited = false; ; waited = true) {
		try {
			const holder = tryLock();
			if (holder === 0) return;
			if (!waited) console.error(`Another run (process ${holder}) is installing the npm packages; waiting for it.`);
		} catch (error) {
			// The holder released the lock in the meantime.
			if (error.code !== "ENOENT") throw error;
		}
		await sleep(500);
	}
}

/** Prints the elapsed time: every second in a terminal, else every 30 s. */
function showProgress() {
	const started = Date.now();
	const terminal = process.stderr.isTTY;
	const say = () => {
		const text = `Installing the npm packages: ${Math.round((Date.now() - started) / 1000)} s`;
		process.stderr.write(terminal ? `\r${text}` : `${text}\n`);
	};
	say();
	const timer = setInterval(say, terminal ? 1000 : 30_000);
	return () => {
		clearInterval(timer);
		say();
		if (terminal) process.stderr.write("\n");
	};
}

/** A second installation waits for the first. */
async function ensurePackages() {
	if (packagesAreCurrent()) return;
	mkdirSync(join(toolchain, "logs"), { recursive: true });
	await lockPackages();
	if (!packagesAreCurrent()) await installPackages();
	unlockPackages();
}

async function installPackages() {
	const log = openSync(packagesLog, "w");
	const stop = showProgress();
	// Development packages too, for any NODE_ENV: the tests and the substitutes need them.
	const args = ["ci", "--ignore-scripts", "--include=dev", "--no-audit", "--no-fund"];
	let code;
	try {
		code = await run("npm", args, { cwd: project, stdio: ["ignore", log, log] }, addHolder);
	} catch (error) {
		if (error.code === "ENOENT") fail("npm is not on PATH. It comes with Node.js: https://nodejs.org/en/download");
		throw error;
	} finally {
		stop();
	}
	if (code > 128) process.exit(code);
	if (code !== 0) {
		// npm prints the error first, then its usage.
		const start = readFileSync(packagesLog, "utf8").trimEnd().split("\n").slice(0, 15);
		fail(
			`The npm packages can't be installed (npm ${args.join(" ")}: exit code ${code}).\n` +
				`${start.map((line) => `  ${line}`).join("\n")}\nLog: ${packagesLog}\n` +
				"Fix the cause (often the network or the registry in ~/.npmrc) and run the command again.",
		);
	}
	writeFileSync(packagesRecord, packagesKey());
}

async function setUp(...options) {
	// Set-up prints to stderr, so that the command's own output can be piped.
	const args = [join(project, "lib", "program.mjs"), "cli/setup.ts", ...options];
	const code = await run(process.execPath, args, { cwd: project, stdio: ["inherit", 2, 2] });
	if (code !== 0) process.exit(code);
}

function runCommand(command, inEnvironment) {
	const PATH = `${join(project, "node_modules", ".bin")}${delimiter}${process.env.PATH ?? ""}`;
	const script = inEnvironment ? '. "$0" && exec "$@"' : 'exec "$@"';
	return run("/bin/sh", ["-c", script, join(toolchain, "env"), ...command], {
		stdio: "inherit",
		env: { ...process.env, PATH },
	});
}

/** Exits if the doctor finds that the lab can't work. */
async function checkMachine() {
	const code = await runCommand([process.execPath, join("lib", "program.mjs"), "cli/doctor.ts", "--brief"], false);
	if (code !== 0) process.exit(code);
}

checkNode();
const setUpOptions = {
	"--packages-only": undefined,
	"--for-start": ["--for-stack"],
	"--for-stack": ["--for-stack"],
	"--for-tests": ["--for-tests"],
	"--set-up": [],
};
const [option] = process.argv.slice(2);
const isOption = Object.hasOwn(setUpOptions, option);
const command = process.argv.slice(isOption ? 3 : 2);
const isHelp = command.includes("--help") || command.includes("-h");
const isPrinting = command.length === 0 || option === "--set-up" || command.includes("--verbose");
await ensurePackages();
if (isHelp && option === "--set-up") {
	const program = join(project, "lib", "program.mjs");
	process.exit(await run(process.execPath, [program, "cli/setup.ts", "--help"], { cwd: project, stdio: "inherit" }));
}
const chosen = isHelp ? undefined : isOption ? setUpOptions[option] : [];
if (chosen && option === "--for-start") await checkMachine();
if (chosen) await setUp(...chosen, ...(isPrinting ? [] : ["--brief"]));
if (command.length > 0) process.exitCode = await runCommand(command, chosen !== undefined);

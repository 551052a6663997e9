import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { execa } from "execa";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { showWork } from "../../../../cli/display/showWork.ts";

const module = fileURLToPath(new URL("../../../../cli/display/showWork.ts", import.meta.url));
const tsx = fileURLToPath(new URL("../../../../node_modules/tsx/dist/loader.mjs", import.meta.url));

const said = () => vi.mocked(console.error).mock.calls.flat();
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

beforeEach(() => {
	vi.useFakeTimers();
	vi.stubEnv("CI", "1");
	vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => {
	vi.useRealTimers();
	vi.restoreAllMocks();
});

it("is one line, and one more every 30 seconds with what is being done", async () => {
	const work = showWork("working", { verbose: false }, async (status) => {
		status("cluster");
		await sleep(45_000);
		return 7;
	});
	await vi.advanceTimersByTimeAsync(45_000);
	expect(await work).toBe(7);
	await vi.advanceTimersByTimeAsync(60_000);
	expect(said()).toEqual(["working", "working: cluster (30 s)"]);
});

it("prints every status if it is verbose", async () => {
	await showWork("working", { verbose: true }, async (status) => status("reading the rules"));
	expect(said()).toEqual(["reading the rules"]);
});

it("throws what the work throws, and ends its timer", async () => {
	const work = showWork("working", { verbose: false }, () => Promise.reject(new Error("no cluster")));
	await expect(work).rejects.toThrow("no cluster");
	expect(vi.getTimerCount()).toBe(0);
});

it("keeps lines printed meanwhile on a terminal, below one line with the elapsed time", async () => {
	const program = `
		for (const stream of [process.stdout, process.stderr]) Object.assign(stream, { isTTY: true, columns: 80 });
		const { showWork } = await import(${JSON.stringify(module)});
		const code = await showWork("working", { verbose: false }, async (status) => {
			status("cluster");
			console.error("node worker is paused: unpausing it");
			return 7;
		});
		console.error("returned " + code);`;
	const { stdout, stderr, exitCode } = await execa("node", ["--import", tsx, "--input-type=module", "-"], {
		input: program,
		env: { CI: "", TERM: "xterm", NO_COLOR: "1" },
	});
	const end = stdout.slice(stdout.lastIndexOf("working"));
	expect({ exitCode, stderr: stripVTControlCharacters(stderr).trim() }).toEqual({ exitCode: 0, stderr: "returned 7" });
	expect(end).toMatch(/^working \(\d\.\d s\)\s+› node worker is paused: unpausing it/);
});

it("shows the cursor again if a signal ends the command", async () => {
	const program = `
		for (const stream of [process.stdout, process.stderr]) Object.assign(stream, { isTTY: true, columns: 80 });
		const { showWork } = await import(${JSON.stringify(module)});
		await showWork("working", { verbose: false }, async () => {
			setTimeout(() => process.kill(process.pid, "SIGINT"), 500);
			await new Promise((resolve) => setTimeout(resolve, 60_000));
		});`;
	const { stderr, signal } = await execa("node", ["--import", tsx, "--input-type=module", "-"], {
		input: program,
		env: { CI: "", TERM: "xterm", NO_COLOR: "1" },
		reject: false,
	});
	expect(signal).toBe("SIGINT");
	expect(stderr.split("\u001B").at(-1)).toBe("[?25h");
});

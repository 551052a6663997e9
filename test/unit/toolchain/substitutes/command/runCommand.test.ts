import { existsSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { cancelAll, type Run, run } from "../../../../../toolchain/substitutes/command/runCommand.ts";

const start = (command: string, more: Partial<Run> = {}) => run({ command, onLine: () => {}, ...more });

describe("a command", () => {
	it("returns its output without the last newline", async () => {
		expect(await start("echo out; echo; echo err >&2")).toEqual({ stdout: "out\n", stderr: "err" });
	});

	it("gets stdin, and inherits folder and environment", async () => {
		const { stdout } = await start('read line; echo "$line $PWD $(test -n "$PATH" && echo path)"', { stdin: "in\n" });
		expect(stdout).toBe(`in ${process.cwd()} path`);
	});

	it("doesn't wait for stdin if there is none", async () => {
		expect(await start("cat")).toEqual({ stdout: "", stderr: "" });
	});

	it("reports each line of stderr at once", async () => {
		const lines: string[] = [];
		const command = start("echo a >&2; sleep 1; printf 'b\\nlast' >&2; echo result", {
			onLine: (line) => lines.push(line),
		});
		await expect.poll(() => lines).toEqual(["a"]);
		await command;
		expect(lines).toEqual(["a", "b", "last"]);
	});

	it("that fails is reported with its exit code and its output", async () => {
		await expect(start("echo out; echo err >&2; exit 3")).rejects.toThrow(
			'exit status 3: running "echo out; echo err >&2; exit 3":\nout\nerr\n',
		);
	});
});

describe("cancelling", () => {
	// An ended process stays a zombie (state Z) until its parent waits for it, and still accepts signals.
	const alive = (pid: number): boolean => {
		const stat = `/proc/${pid}/stat`;
		return existsSync(stat) && !/\) Z /.test(readFileSync(stat, "utf8"));
	};
	let child = 0;
	afterAll(() => {
		if (child > 0 && alive(child)) process.kill(child, "SIGKILL");
	});

	it("ends a command and its children, even if they ignore SIGTERM, and starts no other command", async () => {
		let started: (pid: number) => void = () => {};
		const pid = new Promise<number>((resolve) => {
			started = resolve;
		});
		const command = start("trap '' TERM; sleep 600 & echo $! >&2; wait; sleep 600", {
			onLine: (line) => started(Number(line)),
		});
		const outcome = expect(command).rejects.toThrow(/^cancelled, signal: SIGKILL: running/);
		child = await pid;
		expect(alive(child)).toBe(true);
		await cancelAll();
		await outcome;
		await expect.poll(() => alive(child)).toBe(false);
		await expect(start("echo never")).rejects.toThrow("cancelled before it started");
	});
});

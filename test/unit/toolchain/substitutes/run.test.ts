import { existsSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { cancelAll, type Run, run } from "../../../../toolchain/substitutes/command/run.ts";

const start = (command: string, more: Partial<Run> = {}) => run({ command, onLine: () => {}, ...more });

describe("a command", () => {
	it("gives back its streams without their last newline", async () => {
		expect(await start("echo out; echo; echo err >&2")).toEqual({ stdout: "out\n", stderr: "err" });
	});

	it("gets stdin, and inherits folder and environment", async () => {
		const { stdout } = await start('read line; echo "$line $PWD $(test -n "$PATH" && echo path)"', { stdin: "in\n" });
		expect(stdout).toBe(`in ${process.cwd()} path`);
	});

	it("does not wait for stdin that nobody gives", async () => {
		expect(await start("cat")).toEqual({ stdout: "", stderr: "" });
	});

	it("tells the lines of stderr as they come", async () => {
		const lines: string[] = [];
		const command = start("echo a >&2; sleep 1; printf 'b\\nlast' >&2; echo result", {
			onLine: (line) => lines.push(line),
		});
		await expect.poll(() => lines).toEqual(["a"]);
		await command;
		expect(lines).toEqual(["a", "b", "last"]);
	});

	it("that fails is reported with its status and all that it printed", async () => {
		await expect(start("echo out; echo err >&2; exit 3")).rejects.toThrow(
			'exit status 3: running "echo out; echo err >&2; exit 3":\nout\nerr\n',
		);
	});
});

describe("cancelling", () => {
	// A process that ended stays a zombie (state Z) until its parent looks: no signal tells that apart.
	const alive = (pid: number): boolean => {
		const stat = `/proc/${pid}/stat`;
		return existsSync(stat) && !/\) Z /.test(readFileSync(stat, "utf8"));
	};
	let child = 0;
	afterAll(() => {
		if (child > 0 && alive(child)) process.kill(child, "SIGKILL");
	});

	it("ends a command with what it started, even where it ignores SIGTERM, and starts no other", async () => {
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

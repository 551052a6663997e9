import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { expect, test } from "vitest";
import { processInfo } from "../../../lib/process.ts";
import { cacheRoot } from "../../../toolchain/layout.ts";
import { endLeftovers, endPrograms, logTo } from "../../../toolchain/run.ts";
import { Ended } from "../../../toolchain/setupError.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();
const log = (): string => join(folder.path, "step.log");
const running = (): string => join(cacheRoot(), "running");

async function until(condition: () => boolean): Promise<void> {
	for (let waited = 0; !condition(); waited += 20) {
		if (waited > 5000) throw new Error("it did not happen within 5 s");
		await sleep(20);
	}
}

test("the log contains a program's command and all its output, and its standard output is returned", async () => {
	const { stdout } = await logTo(log())("sh", ["-c", "echo out; echo err >&2"]);
	expect(stdout).toBe("out");
	expect(readFileSync(log(), "utf8")).toBe("$ sh -c echo out; echo err >&2\nout\nerr\n");
	expect(readdirSync(running())).toEqual([]);
});

test.each([
	["an exit code", ["sh", ["-c", "exit 3"]], "sh ended with exit code 3"],
	["a signal", ["sh", ["-c", "kill -KILL $$"]], "sh was ended by SIGKILL"],
	["no such program", ["/nonexistent/tool", []], "tool isn't on PATH"],
] as const)("fails naming %s and the log", async (_, [file, args], message) => {
	await expect(logTo(log())(file, args)).rejects.toMatchObject({ message, log: log() });
});

test("ends the programs of a killed set-up and their children, but not another program with the same process id", async () => {
	const script = "sleep 600 & echo $! >$0; wait";
	const child = execa("sh", ["-c", script, join(folder.path, "pid")], { detached: true, reject: false });
	const stranger = execa("sleep", ["600"], { detached: true, reject: false });
	await until(() => existsSync(join(folder.path, "pid")) && readFileSync(join(folder.path, "pid"), "utf8") !== "");
	const grandchild = Number(readFileSync(join(folder.path, "pid"), "utf8"));
	mkdirSync(running(), { recursive: true });
	writeFileSync(join(running(), String(child.pid)), processInfo(child.pid ?? 0)?.startTime ?? "");
	writeFileSync(join(running(), String(stranger.pid)), "1");
	endLeftovers();
	await child;
	await until(() => processInfo(grandchild) === undefined);
	expect(processInfo(stranger.pid ?? 0)).toMatchObject({ name: "sleep" });
	expect(readdirSync(running())).toEqual([]);
	stranger.kill("SIGKILL");
});

test("an interruption ends the programs and their children, and no other program starts", async () => {
	const pidFile = join(folder.path, "pid");
	const program = logTo(log())("sh", ["-c", "sleep 600 & echo $! >$0; wait", pidFile]);
	const failed = expect(program).rejects.toThrow(Ended);
	await until(() => existsSync(pidFile) && readFileSync(pidFile, "utf8") !== "");
	const grandchild = Number(readFileSync(pidFile, "utf8"));
	await endPrograms();
	await failed;
	await until(() => processInfo(grandchild) === undefined);
	await expect(logTo(log())("true", [])).rejects.toThrow(Ended);
});

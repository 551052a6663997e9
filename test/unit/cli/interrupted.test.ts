import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { execa } from "execa";
import { beforeEach, expect, it, vi } from "vitest";
import { releaseLeftLocks } from "../../../cli/interrupted.ts";
import { stack } from "../../../cli/lab.ts";
import { program, scratchFolder } from "../cluster/scratch.ts";

const folder = `.state/.pulumi/locks/organization/nodeport-lab/${stack}`;

async function lock(name: string, changes: object = {}): Promise<void> {
	const own = { pid: process.pid, username: "me", hostname: hostname(), timestamp: new Date().toISOString() };
	await mkdir(folder, { recursive: true });
	await writeFile(`${folder}/${name}.json`, JSON.stringify({ ...own, ...changes }));
	await writeFile(`${folder}/${name}.json.attrs`, "{}");
}

/** The id of a process that has ended. */
const gone = async () => Number((await execa("sh", ["-c", "echo $$"])).stdout);

scratchFolder();
beforeEach(async () => {
	vi.stubEnv("PULUMI_BACKEND_URL", "");
	vi.spyOn(console, "error")
		.mockClear()
		.mockImplementation(() => {});
	await program("pulumi", 'echo "$*" > cancelled');
});

it("says nothing where there is no lock", async () => {
	await releaseLeftLocks();
	expect(console.error).not.toHaveBeenCalled();
	expect(existsSync("cancelled")).toBe(false);
});

it("releases the lock of a killed update, in one line", async () => {
	const pid = await gone();
	await lock("a", { pid });
	await releaseLeftLocks();
	expect(existsSync("cancelled")).toBe(true);
	expect(vi.mocked(console.error).mock.calls).toEqual([[expect.stringContaining(`process ${pid}`)]]);
});

it("releases a lock from before the machine started, whoever has that process id now", async () => {
	await lock("a", { timestamp: "2001-01-01T00:00:00Z" });
	await releaseLeftLocks();
	expect(existsSync("cancelled")).toBe(true);
});

it.each([
	["whose process runs", {}],
	["of another machine", { pid: 1, hostname: "elsewhere" }],
])("leaves a lock %s, also beside one that is left", async (_, changes) => {
	await lock("a", { pid: await gone() });
	await lock("b", changes);
	await releaseLeftLocks();
	expect(existsSync("cancelled")).toBe(false);
});

it("has nothing to do with a state that is elsewhere", async () => {
	vi.stubEnv("PULUMI_BACKEND_URL", "https://state.example");
	await lock("a", { pid: await gone() });
	await releaseLeftLocks();
	expect(existsSync("cancelled")).toBe(false);
});

import { utimes } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, it, vi } from "vitest";
import { withLock } from "../../../lib/lock.ts";
import { scratchFolder } from "../fakePrograms.ts";

const module = fileURLToPath(new URL("../../../lib/lock.ts", import.meta.url));
const tsx = fileURLToPath(new URL("../../../node_modules/tsx/dist/loader.mjs", import.meta.url));
const unexpected = (text: string) => {
	throw new Error(`not expected: ${text}`);
};

scratchFolder();

it("makes the second process wait for the first without a time limit, and names the first", async () => {
	const order: string[] = [];
	const waited: string[] = [];
	let second: Promise<unknown> = Promise.resolve();
	await withLock({ file: "x", onWait: unexpected, onLost: unexpected }, async () => {
		const lock = { file: "x", onWait: (holder: string) => waited.push(holder), onLost: unexpected };
		second = withLock(lock, async () => order.push("second"));
		while (waited.length === 0) await sleep(20);
		order.push("first");
	});
	await second;
	expect(order).toEqual(["first", "second"]);
	expect(waited).toEqual([`process ${process.pid}`]);
});

it("is released after a failure", async () => {
	const lock = { file: "x", onWait: unexpected, onLost: unexpected };
	await expect(withLock(lock, () => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
	expect(await withLock(lock, async () => "next")).toBe("next");
});

it("ends its holder with one line and no stack if another process took it, as while the machine slept", async () => {
	vi.stubEnv("TMPDIR", process.cwd());
	const holder = execa("node", ["--import", tsx, "--input-type=module", "-"], {
		input: `import { locked } from ${JSON.stringify(module)};
			await locked("c", async () => { console.log("held"); await new Promise((end) => setTimeout(end, 30_000)); });`,
		reject: false,
	});
	for await (const line of holder.iterable()) if (line === "held") await utimes("nodeport-lab-c.lock", 0, 1);
	const { exitCode, stderr } = await holder;
	expect(exitCode).toBe(1);
	expect(stderr).toMatch(/^error: lost the lock of cluster c .*run the same command again$/);
});

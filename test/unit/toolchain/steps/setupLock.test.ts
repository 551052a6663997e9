import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { cacheRoot } from "../../../../toolchain/layout.ts";
import { withLock } from "../../../../toolchain/steps/setupLock.ts";
import { temporaryFolder } from "../../temporary.ts";

temporaryFolder();

const silent = (text: string) => {
	throw new Error(`nothing was to be said: ${text}`);
};

test("a second set-up waits for the first one, and prints its process id", async () => {
	const order: string[] = [];
	const said: string[] = [];
	let second: Promise<unknown> = Promise.resolve();
	await withLock(silent, async () => {
		const work = async () => order.push("second");
		second = withLock((text) => said.push(text), work);
		while (said.length === 0) await sleep(20);
		order.push("first");
	});
	await second;
	expect(order).toEqual(["first", "second"]);
	expect(said).toEqual([expect.stringContaining(`process ${process.pid}`)]);
});

test("a failed set-up releases the lock", async () => {
	await expect(withLock(silent, () => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
	expect(await withLock(silent, async () => "next")).toBe("next");
});

test("once it has the lock, it removes what killed set-ups left", async () => {
	mkdirSync(join(cacheRoot(), "unfinished/kind-abc"), { recursive: true });
	mkdirSync(join(cacheRoot(), "running"), { recursive: true });
	writeFileSync(join(cacheRoot(), "running/4194304"), "1");
	await withLock(silent, async () => {
		expect(existsSync(join(cacheRoot(), "unfinished"))).toBe(false);
		expect(existsSync(join(cacheRoot(), "running/4194304"))).toBe(false);
		expect(readFileSync(join(cacheRoot(), "set-up.pid"), "utf8")).toBe(String(process.pid));
	});
});

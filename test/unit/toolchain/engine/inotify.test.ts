import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test, vi } from "vitest";
import { inotifyAdvice, raiseInotify, restoreInotify } from "../../../../toolchain/engine/inotify.ts";
import { machineState } from "../../../../toolchain/layout.ts";

vi.mock(import("../../../../toolchain/layout.ts"), async (original) => ({
	...(await original()),
	machineState: mkdtempSync(join(tmpdir(), "nodeport-lab-test-machine-")),
}));

const limit = join(machineState, "max_user_instances");
const read = (): number => Number(readFileSync(limit, "utf8"));
beforeEach(() => rmSync(join(machineState, "inotify-limit"), { force: true }));
afterAll(() => rmSync(machineState, { recursive: true }));

test("raises a low limit, and restores it", () => {
	writeFileSync(limit, "128\n");
	expect(raiseInotify(limit)).toContain("from 128 to 512");
	expect(read()).toBe(512);
	expect(restoreInotify(limit)).toContain("to 128");
	expect(read()).toBe(128);
});

test("keeps a limit that has changed since, or that set-up didn't raise", () => {
	writeFileSync(limit, "1024\n");
	expect(raiseInotify(limit)).toBeUndefined();
	expect(restoreInotify(limit)).toBeUndefined();
	writeFileSync(limit, "128\n");
	raiseInotify(limit);
	writeFileSync(limit, "4096\n");
	expect(restoreInotify(limit)).toBeUndefined();
	expect(read()).toBe(4096);
});

test.each([
	[511, true],
	[512, false],
])("warns about a low limit with the fix: %j", (allowed, isLow) => {
	const advice = inotifyAdvice(allowed);
	expect(advice?.fix.replace(/^sudo /, "")).toBe(isLow ? "sysctl fs.inotify.max_user_instances=512" : undefined);
});

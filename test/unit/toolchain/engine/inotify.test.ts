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

test("a low limit is raised, and put back", () => {
	writeFileSync(limit, "128\n");
	expect(raiseInotify(limit)).toContain("from 128 to 512");
	expect(read()).toBe(512);
	expect(restoreInotify(limit)).toContain("to 128");
	expect(read()).toBe(128);
});

test("a limit that was changed since stays, as does one that set-up did not raise", () => {
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
])("the user is told of a low limit and how to raise it: %j", (allowed, told) => {
	const advice = inotifyAdvice(allowed);
	expect(advice?.fix.replace(/^sudo /, "")).toBe(told ? "sysctl fs.inotify.max_user_instances=512" : undefined);
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test, vi } from "vitest";
import { layout } from "../../../../toolchain/layout.ts";
import { SetupError } from "../../../../toolchain/setupError.ts";
import { doSteps } from "../../../../toolchain/steps/runSteps.ts";
import type { Step } from "../../../../toolchain/steps/step.ts";
import { temporaryFolder } from "../../temporary.ts";

vi.mock(import("../../../../toolchain/layout.ts"), async (original) => {
	const real = await original();
	return { ...real, layout: { ...real.layout, logs: mkdtempSync(join(tmpdir(), "nodeport-lab-test-logs-")) } };
});

afterAll(() => rmSync(layout.logs, { recursive: true }));

temporaryFolder();

/** A step that is there once `get` was done. */
function step(name: string, needs: Step[], get: Step["get"], there = false): Step {
	let present = there;
	return {
		title: name,
		name,
		needs,
		find: async () => (present ? { what: name, how: "found" } : undefined),
		get: async (work) => {
			await get(work);
			present = true;
		},
	};
}

const never = () => Promise.reject(new Error("it was there already"));

test("keeps what exists, gets what is missing, and describes each", async () => {
	const get = vi.fn(async () => {});
	const steps = [step("there", [], never, true), step("missing", [], get)];
	expect(await doSteps(steps, "silent")).toEqual([
		{ what: "there", how: "found" },
		{ what: "missing", how: "found" },
	]);
	expect(get).toHaveBeenCalledOnce();
});

test("a step begins when the steps that it needs have ended, and can wait for another one later", async () => {
	const order: string[] = [];
	const engine = step("engine", [], async () => {
		await sleep(20);
		order.push("engine");
	});
	const client = step("client", [engine], async () => {
		order.push("client");
	});
	const node = step("node", [], async (work) => {
		order.push("node begins");
		await work.done(client);
		order.push("node ends");
	});
	await doSteps([node, client, engine], "silent");
	expect(order).toEqual(["node begins", "engine", "client", "node ends"]);
});

test("reports a bug if a finished step finds nothing", async () => {
	const liar = { ...step("liar", [], async () => {}), find: async () => undefined };
	await expect(doSteps([liar], "silent")).rejects.toMatchObject({
		step: liar,
		cause: expect.objectContaining({ message: "liar was made, but wasn't found" }),
	});
});

test("reports the first step that fails with its cause; steps that need it don't begin", async () => {
	const cause = new SetupError("Go is missing", "install Go");
	const broken = step("broken", [], () => Promise.reject(cause));
	const needing = step("needing", [broken], never);
	await expect(doSteps([needing, broken], "silent")).rejects.toMatchObject({ step: broken, cause });
});

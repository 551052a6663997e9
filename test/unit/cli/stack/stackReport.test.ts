import { mkdir } from "node:fs/promises";
import { expect, it, vi } from "vitest";
import { stackName } from "../../../../cli/stack/stack.ts";
import { exclusively } from "../../../../cli/stack/stackReport.ts";
import { scratchFolder } from "../../fakePrograms.ts";

scratchFolder();

it("makes a second command wait for the first one, and prints for which process", async () => {
	await mkdir(".state");
	const said = vi.spyOn(console, "error").mockImplementation(() => {});
	const order: string[] = [];
	let second: Promise<number> = Promise.resolve(1);
	await exclusively(async () => {
		second = exclusively(async () => order.push("second"));
		await vi.waitUntil(() => said.mock.calls.length > 0, { timeout: 10_000 });
		return order.push("first");
	});
	await second;
	expect(order).toEqual(["first", "second"]);
	expect(said.mock.calls).toEqual([
		[
			`waiting for process ${process.pid}, which holds the lock of the stack ${stackName} (a killed holder is detected soon)`,
		],
	]);
});

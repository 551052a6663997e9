import { beforeEach, expect, it, vi } from "vitest";
import { withProgress } from "../../../lib/waitProgress.ts";

const reports = () => vi.mocked(console.error).mock.calls.map(([line]) => line);

beforeEach(() => {
	vi.useFakeTimers();
	vi.spyOn(console, "error")
		.mockClear()
		.mockImplementation(() => {});
	return () => vi.useRealTimers();
});

it("reports a wait after two seconds, when it changes, and every 30 seconds, until it ends", async () => {
	let what = "waiting for a";
	let end = (_: string) => {};
	const work = new Promise<string>((resolve) => {
		end = resolve;
	});
	const result = withProgress(() => what, work);
	await vi.advanceTimersByTimeAsync(1_900);
	expect(reports()).toEqual([]);
	await vi.advanceTimersByTimeAsync(8_100);
	expect(reports()).toEqual(["waiting for a (2 s)"]);
	what = "waiting for b";
	await vi.advanceTimersByTimeAsync(32_000);
	expect(reports().slice(1)).toEqual(["waiting for b (12 s)", "waiting for b (42 s)"]);
	end("done");
	expect(await result).toBe("done");
	await vi.advanceTimersByTimeAsync(60_000);
	expect(reports()).toHaveLength(3);
});

it("passes a failure on and ends its reports", async () => {
	await expect(withProgress(() => "waiting", Promise.reject(new Error("failed")))).rejects.toThrow("failed");
	await vi.advanceTimersByTimeAsync(60_000);
	expect(reports()).toEqual([]);
});

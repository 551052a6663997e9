import { expect, it, vi } from "vitest";
import { poll } from "../../../lib/poll.ts";

it("checks until the condition holds", async () => {
	let checks = 0;
	expect(await poll(() => ++checks === 3, { interval: 1 })).toBe(true);
	expect(checks).toBe(3);
});

it("checks at least once, and ends when the time is over", async () => {
	const condition = vi.fn(async () => false);
	expect(await poll(condition, { interval: 1, seconds: 0 })).toBe(false);
	expect(condition).toHaveBeenCalledTimes(1);
	expect(await poll(condition, { interval: 10, seconds: 0.1 })).toBe(false);
});

it("rejects if a check fails, or at once when its signal is aborted", async () => {
	await expect(poll(() => Promise.reject(new Error("unreadable")), { interval: 1 })).rejects.toThrow("unreadable");
	const stop = new AbortController();
	const polling = poll(() => false, { interval: 60_000, signal: stop.signal });
	stop.abort(new Error("stopped"));
	await expect(polling).rejects.toThrow("stopped");
});

it("makes Node.js print no warning about listeners, however often it checks", async () => {
	const warn = vi.spyOn(process, "emitWarning");
	let checks = 0;
	await poll(() => ++checks === 30, { interval: 0, seconds: 10, signal: new AbortController().signal });
	expect(warn).not.toHaveBeenCalled();
});

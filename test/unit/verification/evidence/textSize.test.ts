import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fairLimit, trimmed } from "../../../../verification/evidence/textSize.ts";

const lines = fc
	.array(fc.string({ unit: "grapheme", maxLength: 20 }).filter((line) => !line.includes("\n")))
	.map((lines) => lines.map((line) => `${line}\n`).join(""));

describe("trimmed", () => {
	it.each(["start", "end"] as const)("keeps as many whole lines of the %s as there is room for", (keep) => {
		fc.assert(
			fc.property(lines, fc.nat(200), (text, bytes) => {
				const rest = trimmed(text, bytes, keep);
				expect(Buffer.byteLength(rest)).toBeLessThanOrEqual(bytes);
				const all = text.split(/(?<=\n)/);
				const kept = rest.split(/(?<=\n)/).filter(Boolean).length;
				expect(rest).toBe((keep === "start" ? all.slice(0, kept) : all.slice(all.length - kept)).join(""));
				const next = keep === "start" ? all[kept] : all[all.length - kept - 1];
				if (next) expect(Buffer.byteLength(rest + next)).toBeGreaterThan(bytes);
			}),
		);
	});

	it("leaves out a line that alone is too long", () => {
		expect(trimmed("x".repeat(100), 10, "end")).toBe("");
		expect(trimmed(`first\n${"x".repeat(100)}`, 10, "start")).toBe("first\n");
	});
});

describe("fairLimit", () => {
	it.each([
		[[], 10, Number.POSITIVE_INFINITY],
		[[5, 5], 10, Number.POSITIVE_INFINITY],
		[[1, 100, 100], 11, 5],
		[[100, 1, 4], 11, 6],
	])("of %j in %i is %d", (sizes, bytes, limit) => {
		expect(fairLimit(sizes, bytes)).toBe(limit);
	});

	it("never exceeds the total", () => {
		fc.assert(
			fc.property(fc.array(fc.nat(1000)), fc.nat(20_000), (sizes, bytes) => {
				const limit = fairLimit(sizes, bytes);
				const taken = sizes.map((size) => Math.min(size, limit)).reduce((sum, size) => sum + size, 0);
				expect(taken).toBeLessThanOrEqual(bytes);
			}),
		);
	});
});

import { expect, it } from "vitest";
import { screenOf } from "../../../../cli/display/screenOf.ts";

const stream = (isTTY: boolean, columns: number, colors: boolean) => ({ isTTY, columns, hasColors: () => colors });

it.each([
	["a terminal", stream(true, 80, true), {}, { color: true, width: 80 }],
	["a wide terminal", stream(true, 160, true), {}, { color: true, width: 160 }],
	["a terminal without colors", stream(true, 80, false), {}, { color: false, width: 80 }],
	["a pipe", stream(false, 80, true), {}, { color: false, width: 100 }],
	["COLUMNS for a pipe", stream(false, 80, false), { COLUMNS: "120" }, { color: false, width: 120 }],
	["COLUMNS", stream(true, 80, true), { COLUMNS: "120" }, { color: true, width: 120 }],
	["COLUMNS that isn't a number", stream(false, 80, true), { COLUMNS: "wide" }, { color: false, width: 100 }],
])("%s has its width and colors", (_, output, env, screen) => {
	expect(screenOf({ verbose: true }, output, env)).toEqual({ ...screen, verbose: true });
});

it("a pipe has the width that the command asks for", () => {
	const unlimited = { pipeWidth: Number.POSITIVE_INFINITY };
	expect(screenOf(unlimited, stream(false, 80, false), {}).width).toBe(Number.POSITIVE_INFINITY);
	expect(screenOf(unlimited, stream(true, 80, false), {}).width).toBe(80);
	expect(screenOf(unlimited, stream(false, 80, false), { COLUMNS: "120" }).width).toBe(120);
});

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { temporaryFolder } from "../temporary.ts";

// The real one would remove the tools that set-up added to this machine.
const removeAdded = vi.hoisted(() => vi.fn(async () => []));
vi.mock("../../../toolchain/machine/removal.ts", () => ({ removeAdded }));

temporaryFolder();
const { argv } = process;

beforeEach(() => {
	vi.resetModules();
	removeAdded.mockClear();
	vi.spyOn(console, "log").mockImplementation(() => {});
	vi.spyOn(console, "error").mockImplementation(() => {});
});

afterEach(() => {
	process.argv = argv;
	vi.restoreAllMocks();
});

/** Runs the command in this process. */
async function clean(...args: string[]) {
	process.argv = ["node", "cli/clean.ts", ...args];
	const exit = vi.spyOn(process, "exit").mockReturnValue(undefined as never);
	if (args.includes("--help")) {
		// Nothing runs after a real exit.
		exit.mockImplementationOnce(() => {
			throw new Error("the process has ended");
		});
	}
	await import("../../../cli/clean.ts");
	await vi.waitFor(() => expect(exit).toHaveBeenCalled());
	return exit.mock.calls[0];
}

it("removes what set-up added", async () => {
	expect(await clean()).toEqual([0]);
	expect(removeAdded).toHaveBeenCalledOnce();
});

it("--help prints the usage, and removes nothing", async () => {
	expect(await clean("--help")).toEqual([0]);
	expect(console.log).toHaveBeenCalledWith("usage: npm run clean");
	expect(removeAdded).not.toHaveBeenCalled();
});

it("refuses an unknown option, and removes nothing", async () => {
	expect(await clean("--all")).toEqual([1]);
	expect(console.error).toHaveBeenCalledWith("error: Unknown option '--all'; usage: npm run clean");
	expect(removeAdded).not.toHaveBeenCalled();
});

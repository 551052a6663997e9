import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";
import { LineReader } from "../../../../cli/lesson/lineReader.ts";

function reader() {
	const [input, output] = [new PassThrough(), new PassThrough()];
	const abort = new AbortController();
	const lines = new LineReader({ input, output, signal: abort.signal, onInterrupt: () => abort.abort() });
	return { input, output, abort, lines };
}

it("keeps lines that come before they are asked for, and ends with the input", async () => {
	const { input, output, lines } = reader();
	input.end("1\n  hint \n\nlast");
	const read = [await lines.ask("a "), await lines.ask("b "), await lines.ask("c "), await lines.ask("d ")];
	expect(read).toEqual(["1", "hint", "", "last"]);
	expect(await lines.ask("e ")).toBeUndefined();
	expect(await lines.ask("f ")).toBeUndefined();
	output.end();
	expect(await text(output)).toBe("a \nb \nc \nd \ne \nf \n");
});

it("ends with the signal's reason while it waits for a line", async () => {
	const { abort, lines } = reader();
	const waiting = lines.ask("? ");
	abort.abort(new Error("ended by SIGINT"));
	await expect(waiting).rejects.toThrow("ended by SIGINT");
	await expect(lines.ask("? ")).rejects.toThrow("ended by SIGINT");
});

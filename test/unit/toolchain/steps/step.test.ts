import { expect, test } from "vitest";
import { SetupError } from "../../../../toolchain/setupError.ts";
import { obtain, type Source } from "../../../../toolchain/steps/step.ts";

type Kind = "works" | "unreachable" | "fails";

/** @param from gets the name of a source that worked */
const source = (kind: Kind, name: string, from: string[] = []): Source => ({
	name,
	unreachable: async () => (kind === "unreachable" ? "no answer" : undefined),
	get: async () => {
		if (kind === "unreachable") throw new Error("asked although it is out of reach");
		if (kind === "fails") throw new Error("HTTP 404");
		from.push(name);
	},
});

test.each<{ kinds: Kind[]; got: string[]; notes: string[] }>([
	{ kinds: ["works", "works"], got: ["source 0"], notes: [] },
	{ kinds: ["unreachable", "works"], got: ["source 1"], notes: ["source 0: no answer"] },
	{ kinds: ["fails", "works"], got: ["source 1"], notes: ["source 0: HTTP 404"] },
	{ kinds: ["unreachable", "fails"], got: ["built"], notes: ["source 0: no answer", "source 1: HTTP 404"] },
	{ kinds: [], got: ["built"], notes: [] },
])("takes $got from sources that are $kinds, and reports why", async ({ kinds, got, notes }) => {
	const from: string[] = [];
	const said: string[] = [];
	const say = (text: string) => void said.push(text);
	const sources = kinds.map((kind, i) => source(kind, `source ${i}`, from));
	await obtain(sources, async () => void from.push("built"), { say, note: say });
	expect({ from, said }).toEqual({ from: got, said: notes });
});

test("fails, and doesn't build, if a download isn't the published file", async () => {
	const changed: Source = {
		...source("works", "vendor"),
		get: () => Promise.reject(new SetupError("wrong sum", "look")),
	};
	const build = () => Promise.reject(new Error("built"));
	await expect(obtain([changed], build, { say: () => {}, note: () => {} })).rejects.toThrow("wrong sum");
});

test("checks all sources at the same time", async () => {
	const asked: number[] = [];
	const slow = (i: number): Source => ({
		name: `source ${i}`,
		unreachable: async () => {
			asked.push(i);
			await new Promise((resolve) => setTimeout(resolve, 50));
			return asked.length === 3 ? "no answer" : "asked one after another";
		},
		get: () => Promise.reject(new Error("asked although it is out of reach")),
	});
	const notes: string[] = [];
	await obtain([0, 1, 2].map(slow), async () => {}, { say: () => {}, note: (text) => void notes.push(text) });
	expect(notes).toEqual(["source 0: no answer", "source 1: no answer", "source 2: no answer"]);
});

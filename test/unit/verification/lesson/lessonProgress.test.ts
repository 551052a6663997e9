import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import {
	isDone,
	isRight,
	noProgress,
	partNames,
	readProgress,
	scoreOf,
	without,
	writeProgress,
} from "../../../../verification/lesson/lessonProgress.ts";
import type { Value } from "../../../../verification/lesson/model.ts";
import { temporaryFolder } from "../../temporary.ts";

const folder = temporaryFolder();
const path = () => join(folder.path, "lesson.json");

const on = (node: string): Value => ({ kind: "node", node });
const timeout: Value = { kind: "noAnswer", outcome: "timeout" };

it.each([
	["what was measured", on("a"), on("a"), undefined, true],
	["another value", on("b"), on("a"), undefined, false],
	["what a rule could have chosen too", on("b"), on("a"), [on("a"), on("b")], true],
	["what a rule could have chosen, but something else happened", on("b"), timeout, [on("a"), on("b")], false],
])("judges a prediction: %s", (_, predicted, value, possible, right) => {
	expect(isRight(predicted, { value, ...(possible && { possible }) })).toBe(right);
});

const answer = (isRight: boolean, predicted?: Value) => ({
	measured: on("a"),
	isRight,
	...(predicted && { predicted }),
});
const progress = {
	...noProgress(),
	answers: {
		"who-answers": answer(true, on("a")),
		"client-ip": answer(false, on("b")),
		"client-ip-own-node": answer(false),
	},
	exercises: {
		"silent-node": { result: "solved" as const, hints: 1 },
		"silent-port": { result: "shown" as const, hints: 2 },
	},
};

it("counts right predictions without skipped ones, and exercises that the learner solved", () => {
	expect(scoreOf(progress)).toMatchObject({ right: 1, predicted: 2, solved: 1, exercises: 5, hints: 3 });
});

it("knows which parts are done", () => {
	expect(partNames.filter((part) => isDone(progress, part))).toEqual(["probe", "silent-port", "silent-node"]);
});

it.each(["probe", "silent-node"])("forgets only the part that is taken again: %s", (part) => {
	const left = without(progress, part);
	expect(isDone(left, part)).toBe(false);
	expect(partNames.filter((name) => isDone(left, name) !== isDone(progress, name))).toEqual([part]);
});

it("starts without a file, and reads what it wrote", async () => {
	expect(await readProgress(path())).toEqual(noProgress());
	await writeProgress(path(), progress);
	expect(await readProgress(path())).toEqual(progress);
});

it.each(["", "{", '{"schema":"nodeport-lab/lesson/v0","answers":{},"exercises":{}}'])(
	"refuses a file that it can't read, and names the fix: %j",
	async (text) => {
		writeFileSync(path(), text);
		await expect(readProgress(path())).rejects.toThrow(/lesson\.json isn't .*; fix: npm run lesson -- --restart$/);
	},
);

/** A scripted learner on a lab that exists in memory. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import type { Session } from "../../../../cli/lesson/session.ts";
import { takeLesson } from "../../../../cli/lesson/takeLesson.ts";
import { letterOf } from "../../../../report/lesson/lessonText.ts";
import { isClean } from "../../../../verification/lesson/brokenLab.ts";
import { exercises, planFault } from "../../../../verification/lesson/exercises.ts";
import { writeFaultRecord } from "../../../../verification/lesson/faultRecord.ts";
import { inject, repair } from "../../../../verification/lesson/lessonFaults.ts";
import { isRight, partNames, readProgress, scoreOf } from "../../../../verification/lesson/lessonProgress.ts";
import { questionsOf, stepNames } from "../../../../verification/lesson/steps.ts";
import { temporaryFolder } from "../../temporary.ts";
import { FakeLessonLab, serviceName } from "../../verification/lesson/fakeLessonLab.ts";

const folder = temporaryFolder();
const progressPath = () => join(folder.path, "lesson.json");
const recordPath = () => join(folder.path, "broken.json");

type Line = string | undefined | (() => Promise<string> | string);

/** Takes the lesson with these lines, then the input ends. @returns what was printed */
async function take(lab: FakeLessonLab, lines: readonly Line[], first?: string): Promise<string> {
	const printed: string[] = [];
	const left = [...lines];
	const session: Session = {
		lab,
		async ask(prompt) {
			lab.signal.throwIfAborted();
			printed.push(prompt);
			const line = left.shift();
			return typeof line === "function" ? line() : line;
		},
		print: (text) => printed.push(text),
		screen: { color: false, width: 100 },
		progress: await readProgress(progressPath()),
		progressPath: progressPath(),
		recordPath: recordPath(),
		exclusively: (work) => work(),
		drawbacks: async () => [],
	};
	await takeLesson(session, first).catch((error: Error) => printed.push(`error: ${error.message}`));
	return printed.join("\n");
}

const questions = stepNames.flatMap((step) => questionsOf[step]);
const isWhole = async (lab: FakeLessonLab) => isClean(await lab.diagnose()) && !existsSync(recordPath());

/** The letter of the right choice, or of a wrong one, for each question. */
async function predictions(isWanted: boolean): Promise<string[]> {
	const chosen: string[] = [];
	for (const question of questions) {
		const lab = new FakeLessonLab();
		const snapshot = await lab.snapshot();
		const { choices } = await question.ask(snapshot);
		if (question.during) await inject(await planFault(question.during, snapshot), lab, serviceName);
		const measured = await question.measure(await lab.snapshot());
		const index = choices.findIndex((choice) => isRight(choice, measured) === isWanted);
		chosen.push(letterOf(index));
	}
	return chosen;
}

it("counts every right prediction, and shows what was measured next to it", async () => {
	const lab = new FakeLessonLab();
	const printed = await take(lab, await predictions(true));
	const { right, questions: count } = scoreOf(await readProgress(progressPath()));
	expect(right).toBe(count);
	expect(printed).not.toContain("Not what you predicted");
	expect(printed).toContain(
		"  predicted: 172.18.0.9, the node nodeport-worker2\n  measured:  172.18.0.9, the node nodeport-worker2",
	);
	expect(printed).toContain("KUBE-SVC-SR75RJIBNEHN2H65");
	expect(printed).toContain(
		"$ kubectl exec -n default dnsutils -c dnsutils -- wget -q -O- http://172.18.0.9:30040/host",
	);
	expect(printed).toContain("Saved. To continue: npm run lesson");
	expect(await isWhole(lab)).toBe(true);
});

it("shows the difference for a wrong prediction", async () => {
	const printed = await take(new FakeLessonLab(), await predictions(false));
	expect(scoreOf(await readProgress(progressPath()))).toMatchObject({ right: 0, predicted: questions.length });
	expect(printed.match(/Not what you predicted\./g)).toHaveLength(questions.length);
	expect(printed).toContain(
		"  predicted: 10.244.3.2, dnsutils itself\n  measured:  172.18.0.9, the node nodeport-worker2",
	);
});

it("goes on where the learner left it, also after a skipped question", async () => {
	const first = await take(new FakeLessonLab(), ["s", "q"]);
	expect(first).toContain("1 of 13: Start a cluster (start)");
	const second = await take(new FakeLessonLab(), ["q"]);
	expect(second).not.toContain("Start a cluster");
	expect(second).toContain("2 of 13: Labels choose a node (labels)");
});

it("repeats one part, and continues from there", async () => {
	await take(new FakeLessonLab(), await predictions(false));
	const printed = await take(new FakeLessonLab(), ["s", "s", "q"], "chain");
	expect(printed).toContain("(chain)");
	expect(printed).not.toContain("(rules)");
	expect(printed).toContain("Exercise: No node answers (silent-everywhere)");
});

it("names the parts that aren't done at its end, such as those before the part that it began with", async () => {
	const printed = await take(new FakeLessonLab(), ["next"], "silent-node");
	expect(printed).toContain("Not done yet: start, labels, ");
	expect(printed).not.toContain("That was the last part");
});

it("says what is allowed if it can't use the line, and asks again", async () => {
	const printed = await take(new FakeLessonLab(), ["9", "x", "a"]);
	expect(printed).toContain(
		'"9" isn\'t possible here; allowed: a to d, skip (measure without a prediction), q (save and quit)',
	);
	expect(Object.keys((await readProgress(progressPath())).answers)).toEqual(["ready-nodes"]);
});

it.each(exercises.map((exercise) => [exercise.name, exercise] as const))(
	"%s: gives hints, and is solved once diagnose reports nothing",
	async (name, exercise) => {
		const lab = new FakeLessonLab();
		const fault = await planFault(exercise.fault, await lab.snapshot());
		const fix = async () => {
			await repair(fault, lab, serviceName);
			return "check";
		};
		const printed = await take(lab, ["check", "hint", "hint", "hint", fix], name);
		expect(printed).toMatch(/Not yet: diagnose reports 1 finding\./);
		expect(printed).toContain("diagnose default/nodeport-service");
		expect(printed.match(/^hint: /gm)).toHaveLength(3);
		expect(printed).toContain("Solved: diagnose reports no finding.");
		expect((await readProgress(progressPath())).exercises[name]).toEqual({ result: "solved", hints: 3 });
		expect(await isWhole(lab)).toBe(true);
	},
);

it.each(exercises.map(({ name }) => name))(
	"%s: shows the cause and the fix when asked, and restores the lab",
	async (name) => {
		const lab = new FakeLessonLab();
		const printed = await take(lab, ["solve"], name);
		expect(printed).toMatch(/^fix: (kubectl|docker) /m);
		expect((await readProgress(progressPath())).exercises[name]).toEqual({ result: "shown", hints: 0 });
		expect(await isWhole(lab)).toBe(true);
	},
);

it.each(exercises.map(({ name }) => name))(
	"%s: restores the lab when the learner quits in the middle",
	async (name) => {
		const lab = new FakeLessonLab();
		await take(lab, ["hint", "q"], name);
		expect(lab.done.at(-1)).toBe("restored");
		expect((await readProgress(progressPath())).exercises).toEqual({});
		expect(await isWhole(lab)).toBe(true);
	},
);

it.each(exercises.map(({ name }) => name))("%s: restores the lab on Ctrl-C", async (name) => {
	const lab = new FakeLessonLab();
	const interrupt = () => {
		lab.interrupt();
		lab.signal.throwIfAborted();
		return "";
	};
	const printed = await take(lab, [interrupt], name);
	expect(printed).toContain("error: ended by SIGINT");
	expect(await isWhole(lab)).toBe(true);
});

it.each(exercises.map(({ name, fault }) => [name, fault] as const))(
	"%s: the next lesson restores what a killed one left",
	async (_, kind) => {
		const lab = new FakeLessonLab();
		const fault = await planFault(kind, await lab.snapshot());
		await writeFaultRecord(recordPath(), { fault, service: { ...serviceName, uid: "uid-1" } });
		await inject(fault, lab, serviceName);
		const printed = await take(lab, ["q"]);
		expect(printed).toMatch(/An earlier lesson was killed .*\n.*\n?.*1 of 13/s);
		expect(await isWhole(lab)).toBe(true);
	},
);

it("refuses a lab that is broken by something else, and names it", async () => {
	vi.useFakeTimers({ shouldAdvanceTime: true, advanceTimeDelta: 1000 });
	const lab = new FakeLessonLab();
	lab.service.spec.externalTrafficPolicy = "Local";
	const printed = await take(lab, ["a"]);
	expect(printed).toMatch(
		/error: the lesson needs a lab that works, but diagnose reports: externalTrafficPolicy is Local.*fix: npm start/s,
	);
	expect((await readProgress(progressPath())).answers).toEqual({});
	vi.useRealTimers();
});

it("has a part for each step and each exercise", () => {
	expect(partNames).toEqual([...stepNames, ...exercises.map(({ name }) => name)]);
});

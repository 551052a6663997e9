/** The learner's predictions, the measured values and the solved exercises, on disk. */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { readIfExists, writeAtomically } from "../../lib/atomicFile.ts";
import { exercises } from "./exercises.ts";
import { type Measured, Value } from "./model.ts";
import type { Question } from "./questions.ts";
import { questionsOf, stepNames } from "./steps.ts";

const schema = "nodeport-lab/lesson/v1";

const Answer = z.object({
	/** Absent: the learner skipped the question. */
	predicted: Value.optional(),
	measured: Value,
	isRight: z.boolean(),
});
export type Answer = z.infer<typeof Answer>;

/** "solved" by the learner, "shown" by the lesson, or "skipped". */
const ExerciseResult = z.object({ result: z.enum(["solved", "shown", "skipped"]), hints: z.int() });
export type ExerciseResult = z.infer<typeof ExerciseResult>;

export const Progress = z.object({
	schema: z.literal(schema),
	/** By the question's name. */
	answers: z.record(z.string(), Answer),
	/** By the exercise's name. */
	exercises: z.record(z.string(), ExerciseResult),
});
export type Progress = z.infer<typeof Progress>;

export const noProgress = (): Progress => ({ schema, answers: {}, exercises: {} });

/** @throws if the file isn't one of this version */
export async function readProgress(path: string): Promise<Progress> {
	const text = await readIfExists(path);
	if (text === undefined) return noProgress();
	try {
		return Progress.parse(JSON.parse(text));
	} catch (error) {
		throw new Error(`${path} isn't the progress of a lesson of this version; fix: npm run lesson -- --restart`, {
			cause: error,
		});
	}
}

export const writeProgress = (path: string, progress: Progress): Promise<void> =>
	writeAtomically(path, `${JSON.stringify(progress, null, 1)}\n`);

/** A prediction is right if it was measured, or if a rule chooses at random and could have chosen it. */
export function isRight(predicted: Value, { value, possible = [] }: Measured): boolean {
	const isAmong = (values: readonly Value[], one: Value) => values.some((other) => isDeepStrictEqual(other, one));
	return isDeepStrictEqual(predicted, value) || (isAmong(possible, value) && isAmong(possible, predicted));
}

export interface Score {
	right: number;
	/** Answered with a prediction. */
	predicted: number;
	questions: number;
	solved: number;
	exercises: number;
	hints: number;
}

export function scoreOf({ answers, exercises: results }: Progress): Score {
	const predictions = Object.values(answers).filter(({ predicted }) => predicted !== undefined);
	const solved = Object.values(results).filter(({ result }) => result === "solved");
	return {
		right: predictions.filter(({ isRight }) => isRight).length,
		predicted: predictions.length,
		questions: stepNames.flatMap((name) => questionsOf[name]).length,
		solved: solved.length,
		exercises: exercises.length,
		hints: Object.values(results).reduce((sum, { hints }) => sum + hints, 0),
	};
}

/** A part of the lesson: a step with its questions, or an exercise. */
export const partNames: readonly string[] = [...stepNames, ...exercises.map(({ name }) => name)];

/** The questions of the part; empty for an exercise. */
export const questionsIn = (part: string): readonly Question[] =>
	stepNames.flatMap((name) => (name === part ? questionsOf[name] : []));

export function isDone({ answers, exercises: results }: Progress, part: string): boolean {
	const questions = questionsIn(part);
	return questions.length > 0 ? questions.every(({ name }) => name in answers) : part in results;
}

/** The progress without this part, to take it again. */
export function without({ answers, exercises: results, ...progress }: Progress, part: string): Progress {
	const names = questionsIn(part).map(({ name }) => name);
	const kept = <T>(all: Record<string, T>, isKept: (name: string) => boolean) =>
		Object.fromEntries(Object.entries(all).filter(([name]) => isKept(name)));
	return {
		...progress,
		answers: kept(answers, (name) => !names.includes(name)),
		exercises: kept(results, (name) => name !== part),
	};
}

/** Where the learner is, and the score. */
import { table } from "../../lib/table.ts";
import { exercises } from "../../verification/lesson/exercises.ts";
import { isDone, type Progress, partNames, questionsIn, type Score } from "../../verification/lesson/lessonProgress.ts";
import { stepNames } from "../../verification/lesson/steps.ts";
import { exerciseWords } from "./exerciseText.ts";
import { stepWords } from "./stepText.ts";

/** One row for each part: its name, its title, and its state. */
export const partTable = (progress: Progress): string =>
	table([["PART", "TITLE", "STATE"], ...partNames.map((name) => [name, partTitle(name), stateText(progress, name)])]);

export function partTitle(part: string): string {
	const step = stepNames.find((name) => name === part);
	const exercise = exercises.find(({ name }) => name === part);
	return step ? stepWords[step].title : exercise ? `Exercise: ${exerciseWords[exercise.fault].title}` : part;
}

function stateText(progress: Progress, part: string): string {
	const questions = questionsIn(part);
	if (questions.length === 0) {
		const result = progress.exercises[part];
		return result === undefined ? "" : `${result.result}${hintsText(result.hints)}`;
	}
	const answers = questions.flatMap(({ name }) => progress.answers[name] ?? []);
	if (answers.length === 0) return "";
	const right = answers.filter(({ isRight }) => isRight).length;
	return `${right} of ${questions.length} right${isDone(progress, part) ? "" : ", not finished"}`;
}

const hintsText = (hints: number): string => (hints === 0 ? "" : `, ${hints} ${hints === 1 ? "hint" : "hints"}`);

export const scoreText = ({ right, predicted, questions, solved, exercises, hints }: Score): string =>
	`Score: ${right} of ${predicted} predictions were right (${questions} questions); ${solved} of ${exercises} exercises solved${hintsText(hints)}.`;

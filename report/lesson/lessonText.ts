/** What the lesson says between its questions. */
import type { Diagnosis } from "../../verification/diagnosis/diagnosis.ts";
import type { LabChange } from "../../verification/lesson/lessonLab.ts";
import { reportedLines } from "./exerciseText.ts";

export const lessonText = {
	saved: "Saved. To continue: npm run lesson",
	interrupted: "Interrupted. Your answers are saved. To continue: npm run lesson",
	end: "That was the last part. To start again: npm run lesson -- --restart",
	killed: "An earlier lesson was killed while the lab was broken.",
	right: "Right.",
	wrong: "Not what you predicted.",
	samePath: "The rules on the path are the same as above.",
	noDrawbacks: "The drawbacks aren't measured on this lab yet: npm run drawbacks (about fifteen minutes)",
	task: "Find the cause and fix it in another shell, in this folder, after: source .toolchain/env. Then come back and check.",
	solved: "Solved: diagnose reports no finding.",
	checkAgain: "diagnose reports no finding: type check",
	exercisePrompt: "check, hint, solve, next, or q to quit: ",
};

/** Words that the learner may type, and what they do. */
export const exerciseChoices = {
	check: "diagnose the Service again",
	hint: "the next hint",
	solve: "show the cause and let the lesson fix it",
	next: "restore the lab and continue without a solution",
};

export const questionChoices = { skip: "measure without a prediction" };

/** Letters, because many choices are numbers. */
export const letterOf = (choice: number): string => String.fromCharCode("a".charCodeAt(0) + choice);

export const predictionPrompt = (choices: number): string =>
	`Your prediction (a to ${letterOf(choices - 1)}, skip, or q to quit): `;

export const partHeading = (number: number, of: number, title: string, name: string): string =>
	`${number} of ${of}: ${title} (${name})`;

export const brokenText = (client: string): string => `Something in the lab is broken now. ${client} calls every node:`;

/** A line that isn't one of the choices. */
export function notPossibleText(line: string, words: Record<string, string>, choices: number): string {
	const known = Object.entries(words).map(([word, meaning]) => `${word} (${meaning})`);
	const allowed = [...(choices > 0 ? [`a to ${letterOf(choices - 1)}`] : []), ...known, "q (save and quit)"];
	return `"${line}" isn't possible here; allowed: ${allowed.join(", ")}`;
}

/** @param parts those without an answer, such as an exercise for which the lab has too few workers */
export const leftText = (parts: readonly string[]): string =>
	`Not done yet: ${parts.join(", ")}. To continue with them: npm run lesson`;

export const tooFewWorkersText = (needed: number, workers: number): string =>
	`This exercise needs ${needed} workers, the lab has ${workers}; fix: pulumi config set workers ${needed} && npm start`;

export const stillBrokenText = (diagnosis: Diagnosis): string =>
	[
		`the lesson needs a lab that works, but diagnose reports: ${reportedLines(diagnosis).join("; ")}`,
		"fix: npm start; with externalTrafficPolicy Local: pulumi config rm externalTrafficPolicy && npm start",
	].join("; ");

export const labChangeText = (change: LabChange): string =>
	({
		breaking: "Changing the lab in one place …",
		restoring: "Restoring the lab …",
		restored: "The lab is restored: diagnose reports no finding.",
	})[change];

/** A step of the lesson: predict, run, compare, explain. */
import { table } from "../../lib/table.ts";
import { drawbackTable } from "../../report/drawbacks/drawbacksText.ts";
import { explanationText } from "../../report/lesson/explanationText.ts";
import { lessonText, letterOf, predictionPrompt, questionChoices } from "../../report/lesson/lessonText.ts";
import { lessonValueText, questionText } from "../../report/lesson/questionText.ts";
import { alternatives, stepWords } from "../../report/lesson/stepText.ts";
import { stepsText } from "../../report/path/stepsText.ts";
import type { LabSnapshot } from "../../verification/experiments/support/labSnapshot.ts";
import { requireClean, withFault } from "../../verification/lesson/brokenLab.ts";
import { planFault } from "../../verification/lesson/exercises.ts";
import { isRight } from "../../verification/lesson/lessonProgress.ts";
import type { Measured, Subject } from "../../verification/lesson/model.ts";
import type { Question } from "../../verification/lesson/questions.ts";
import { questionsOf, type StepName } from "../../verification/lesson/steps.ts";
import { choose, ownersIn, pastable, type Session, save, say } from "./session.ts";

/** How many rules are quoted. */
const mostQuoted = 6;

/** Asks the questions of the step that have no answer yet. @throws Quit */
export async function takeStep(session: Session, step: StepName): Promise<void> {
	for (const paragraph of stepWords[step].intro) say(session, paragraph);
	for (const question of questionsOf[step]) {
		if (!(question.name in session.progress.answers)) await takeQuestion(session, question);
	}
	await sayMore(session, step);
}

async function takeQuestion(session: Session, question: Question): Promise<void> {
	const { lab, print } = session;
	const before = await lab.snapshot();
	const owners = ownersIn(before);
	const { subject, choices } = await question.ask(before);
	print("");
	say(session, questionText(subject));
	for (const [i, choice] of choices.entries()) print(`  ${letterOf(i)}  ${lessonValueText(choice, owners)}`);
	const chosen = await choose(session, predictionPrompt(choices.length), questionChoices, choices.length);
	const predicted = chosen === "skip" ? undefined : choices[chosen];
	const measured = await measure(session, question, before);
	const right = predicted !== undefined && isRight(predicted, measured);
	await save(session, (progress) => ({
		...progress,
		answers: {
			...progress.answers,
			[question.name]: { ...(predicted && { predicted }), measured: measured.value, isRight: right },
		},
	}));
	// By hand it would be measured on the restored lab.
	if (measured.command && !question.during) print(`$ ${pastable(session, measured.command)}`);
	if (predicted) print(`  predicted: ${lessonValueText(predicted, owners)}`);
	print(`  measured:  ${lessonValueText(measured.value, owners)}`);
	if (predicted) print(right ? lessonText.right : lessonText.wrong);
	explain(session, subject, measured, before);
}

/** Runs it on the lab, with the fault that the question is about. */
async function measure(session: Session, question: Question, before: LabSnapshot): Promise<Measured> {
	const { lab, recordPath } = session;
	const { during } = question;
	if (during === undefined) return question.measure(before);
	return session.exclusively(async () => {
		await requireClean(lab);
		const fault = await planFault(during, before);
		const now = async () => question.measure(await lab.snapshot());
		return withFault(recordPath, lab, before.objects.service, fault, now);
	});
}

function explain(session: Session, subject: Subject, measured: Measured, snapshot: LabSnapshot): void {
	const { print, screen } = session;
	for (const line of (measured.quoted ?? []).slice(0, mostQuoted)) say(session, line, "     ");
	say(session, explanationText(subject, measured, ownersIn(snapshot)));
	if (!measured.journey) return;
	const path = stepsText(measured.journey, { rules: false, width: screen.width });
	if (path === session.lastPath) {
		print(lessonText.samePath);
		return;
	}
	session.lastPath = path;
	print(path);
}

/** What the costs step and the last step show after their questions. */
async function sayMore(session: Session, step: StepName): Promise<void> {
	const { print } = session;
	if (step === "instead") print(`\n${table([["NEED", "USE"], ...alternatives.map((row) => [...row])])}`);
	if (step !== "costs") return;
	const drawbacks = await session.drawbacks();
	print(`\n${drawbacks.length > 0 ? drawbackTable(drawbacks, session.screen.width) : lessonText.noDrawbacks}`);
}

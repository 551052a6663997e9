/** The parts of the lesson in order, from where the learner left it. */
import { leftText, lessonText, partHeading, stillBrokenText } from "../../report/lesson/lessonText.ts";
import { partTable, partTitle, scoreText } from "../../report/lesson/scoreText.ts";
import { painter } from "../../report/screen/screen.ts";
import { repairLeftFault, requireClean, StillBroken, untilClean } from "../../verification/lesson/brokenLab.ts";
import { exercises } from "../../verification/lesson/exercises.ts";
import { readFaultRecord } from "../../verification/lesson/faultRecord.ts";
import { isDone, partNames, scoreOf, without } from "../../verification/lesson/lessonProgress.ts";
import { stepNames } from "../../verification/lesson/steps.ts";
import { Quit, type Session, save } from "./session.ts";
import { takeExercise } from "./takeExercise.ts";
import { takeStep } from "./takeStep.ts";

/**
 * Takes all parts that aren't done, and saves after each answer.
 * @param first repeats this part, and continues from there
 */
export async function takeLesson(session: Session, first: string | undefined): Promise<void> {
	try {
		await repairLeft(session);
		// Predictions and exercises need a lab that works.
		await requireClean(session.lab);
		if (first !== undefined) await save(session, (progress) => without(progress, first));
		const from = first === undefined ? 0 : partNames.indexOf(first);
		for (const [i, part] of partNames.entries()) {
			if (i < from || isDone(session.progress, part)) continue;
			const title = partHeading(i + 1, partNames.length, partTitle(part), part);
			session.print(`\n${painter(session.screen)("bold", title)}`);
			await takePart(session, part);
		}
		const left = partNames.filter((part) => !isDone(session.progress, part));
		session.print(`\n${partTable(session.progress)}\n\n${left.length === 0 ? lessonText.end : leftText(left)}`);
	} catch (error) {
		if (error instanceof StillBroken) throw new Error(stillBrokenText(error.diagnosis));
		if (!(error instanceof Quit)) throw error;
		session.print(`\n${lessonText.saved}`);
	} finally {
		session.print(scoreText(scoreOf(session.progress)));
	}
}

async function takePart(session: Session, part: string): Promise<void> {
	const step = stepNames.find((name) => name === part);
	if (step) return takeStep(session, step);
	const exercise = exercises.find(({ name }) => name === part);
	if (exercise) await takeExercise(session, exercise);
}

/** What a killed lesson left. Without a record there is no need to wait for another command. */
async function repairLeft({ lab, recordPath, exclusively, print }: Session): Promise<void> {
	if (!(await readFaultRecord(recordPath))) return;
	await exclusively(async () => {
		print(lessonText.killed);
		lab.report("restoring");
		if (await repairLeftFault(recordPath, lab)) await untilClean(lab);
		lab.report("restored");
	});
}

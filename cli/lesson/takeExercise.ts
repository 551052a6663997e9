/** An exercise: the lab is broken in one place, and the learner finds and fixes it in another shell. */
import {
	exerciseWords,
	faultFix,
	faultText,
	type LabNames,
	nodeRequestTable,
	remainingText,
	reportedLines,
} from "../../report/lesson/exerciseText.ts";
import { brokenText, exerciseChoices, lessonText, tooFewWorkersText } from "../../report/lesson/lessonText.ts";
import type { LabSnapshot } from "../../verification/experiments/support/labSnapshot.ts";
import { isClean, requireClean, untilBroken, withFault } from "../../verification/lesson/brokenLab.ts";
import { type Exercise, planFault } from "../../verification/lesson/exercises.ts";
import type { ExerciseResult } from "../../verification/lesson/lessonProgress.ts";
import type { Fault } from "../../verification/lesson/model.ts";
import { requestsThroughNodes } from "../../verification/lesson/requests.ts";
import { choose, type Session, save, say } from "./session.ts";

/** @throws Quit, after the lab is restored */
export async function takeExercise(session: Session, exercise: Exercise): Promise<void> {
	const { lab, recordPath, print } = session;
	const before = await lab.snapshot();
	if (before.workers.length < exercise.workers) {
		say(session, tooFewWorkersText(exercise.workers, before.workers.length));
		return;
	}
	await session.exclusively(async () => {
		await requireClean(lab);
		const fault = await planFault(exercise.fault, before);
		const result = await withFault(recordPath, lab, before.objects.service, fault, async () => {
			await untilBroken(lab);
			return solve(session, exercise, before, fault);
		});
		await save(session, (progress) => ({
			...progress,
			exercises: { ...progress.exercises, [exercise.name]: result },
		}));
	});
	print(nodeRequestTable(await requestsThroughNodes(await lab.snapshot())));
}

async function solve(
	session: Session,
	{ fault: kind }: Exercise,
	snapshot: LabSnapshot,
	fault: Fault,
): Promise<ExerciseResult> {
	const { lab, print } = session;
	const names = await namesIn(session, snapshot, fault);
	const hints = exerciseWords[kind].hints(names);
	print(brokenText(snapshot.inside.name));
	print(nodeRequestTable(await requestsThroughNodes(snapshot)));
	say(session, lessonText.task);
	let given = 0;
	for (;;) {
		const chosen = await choose(session, lessonText.exercisePrompt, exerciseChoices);
		if (chosen === "check") {
			const diagnosis = await lab.diagnose();
			print(nodeRequestTable(await requestsThroughNodes(snapshot)));
			if (!isClean(diagnosis)) {
				print(remainingText(diagnosis));
				continue;
			}
			print(lessonText.solved);
			conclude(session, fault);
			return { result: "solved", hints: given };
		}
		if (chosen === "hint") {
			const hint = hints[given];
			given = Math.min(given + 1, hints.length + 1);
			for (const line of hint === undefined ? await diagnosed(session) : [hint]) say(session, line, "hint: ");
			continue;
		}
		if (chosen === "solve") {
			conclude(session, fault);
			say(session, faultFix(fault, names), "fix: ");
			return { result: "shown", hints: given };
		}
		return { result: "skipped", hints: given };
	}
}

/** The last hint: what the diagnosis reports. */
async function diagnosed({ lab }: Session): Promise<string[]> {
	const lines = reportedLines(await lab.diagnose());
	return lines.length > 0 ? lines : [lessonText.checkAgain];
}

function conclude(session: Session, fault: Fault): void {
	say(session, faultText(fault));
	say(session, exerciseWords[fault.kind].lesson);
}

async function namesIn({ lab }: Session, { objects }: LabSnapshot, fault: Fault): Promise<LabNames> {
	const { namespace, name } = objects.service;
	const proxy = "node" in fault ? (await lab.cluster.kubeProxies()).get(fault.node) : undefined;
	return { namespace, service: name, ...(proxy && "exec" in proxy && { proxyPod: proxy.exec.pod }) };
}

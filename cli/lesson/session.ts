/** What the parts of a lesson share: the lab, the learner, and where the progress is stored. */
import { accessOptions } from "../../kubernetes/kubeAccess.ts";
import { shellText } from "../../lib/shell.ts";
import { letterOf, notPossibleText } from "../../report/lesson/lessonText.ts";
import type { Owners } from "../../report/lesson/questionText.ts";
import { fill } from "../../report/screen/fill.ts";
import type { LabSnapshot } from "../../verification/experiments/support/labSnapshot.ts";
import type { LessonLab } from "../../verification/lesson/lessonLab.ts";
import { type Progress, writeProgress } from "../../verification/lesson/lessonProgress.ts";
import type { Drawback } from "../../verification/report.ts";

export interface Session {
	lab: LessonLab;
	/** @returns undefined at the end of the input */
	ask(prompt: string): Promise<string | undefined>;
	print(text: string): void;
	screen: { color: boolean; width: number };
	progress: Progress;
	/** Where the progress is stored. */
	progressPath: string;
	/** Where it is recorded what the lesson has broken. */
	recordPath: string;
	/** Runs what changes the lab while no other command does. */
	exclusively<T>(work: () => Promise<T>): Promise<T>;
	/** The last path that was printed: it isn't printed twice in a row. */
	lastPath?: string;
	/** The results of the last `npm run drawbacks`. */
	drawbacks(): Promise<readonly Drawback[]>;
}

/** The learner ends the lesson, or its input does. */
export class Quit extends Error {
	constructor() {
		super("quit");
	}
}

export async function save(session: Session, change: (progress: Progress) => Progress): Promise<void> {
	session.progress = change(session.progress);
	await writeProgress(session.progressPath, session.progress);
}

/** Prints a paragraph in lines that fit. */
export function say({ print, screen: { width } }: Session, text: string, first = ""): void {
	print(fill(text, width, first).join("\n"));
}

export const ownersIn = ({ objects, inside }: LabSnapshot): Owners => ({
	nodes: objects.nodes,
	client: inside,
	pods: objects.endpoints.map(({ pod, ip }) => ({ name: pod, ip })),
});

/**
 * Reads a line until it is one of the words, or the letter of one of so many choices.
 * @returns the word, or the choice's index @throws Quit for "q" and at the end of the input
 */
export async function choose<T extends string>(
	{ ask, print }: Session,
	prompt: string,
	words: Record<T, string>,
	choices = 0,
): Promise<T | number> {
	const keys = Object.keys(words) as T[];
	for (;;) {
		const line = (await ask(prompt))?.toLowerCase();
		if (line === undefined || line === "q" || line === "quit") throw new Quit();
		const key = keys.find((key) => line === key || (line !== "" && line === key.charAt(0)));
		if (key !== undefined) return key;
		const choice = Array.from({ length: choices }, (_, i) => letterOf(i)).indexOf(line);
		if (choice >= 0) return choice;
		print(notPossibleText(line, words, choices));
	}
}

/** The command without the options that choose the lab's cluster: .toolchain/env sets KUBECONFIG. */
export function pastable({ lab }: Session, command: readonly string[]): string {
	const options = shellText(...accessOptions(lab.cluster.access));
	return shellText(...command).replace(`${options} `, "");
}

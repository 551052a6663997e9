/**
 * npm run lesson [-- --restart | --list | --step <part>]: the walkthrough as a lesson in the terminal: predict, run,
 * compare, explain. Then exercises that break the lab, which is restored for any reason that ends the lesson.
 */
import { command, EndedBySignal } from "../lib/programs/command.ts";
import { lessonText } from "../report/lesson/lessonText.ts";
import { partTable, scoreText } from "../report/lesson/scoreText.ts";
import { noProgress, partNames, readProgress, scoreOf, writeProgress } from "../verification/lesson/lessonProgress.ts";
import { parseArguments } from "./arguments.ts";
import { screenOf } from "./display/screenOf.ts";
import { faultRecordPath, progressPath } from "./lesson/lessonFiles.ts";
import { LineReader } from "./lesson/lineReader.ts";
import { liveLab } from "./lesson/liveLab.ts";
import { takeLesson } from "./lesson/takeLesson.ts";
import { requireOwnCluster } from "./stack/stackCluster.ts";
import { exclusively, knownReport, lastReport } from "./stack/stackReport.ts";
import { removeLeftovers } from "./update/staleFiles.ts";

await command(async () => {
	const { restart, list, step } = options();
	if (list) {
		const progress = await readProgress(progressPath);
		console.log(`${partTable(progress)}\n\n${scoreText(scoreOf(progress))}`);
		return 0;
	}
	await removeLeftovers();
	await requireOwnCluster(
		"the lesson stops nodes and changes their rules, so it needs the lab's own cluster",
		"lesson",
	);
	if (restart) await writeProgress(progressPath, noProgress());
	return takeInTerminal(step);
});

function options() {
	const { values } = parseArguments(
		"npm run lesson -- [--restart | --list | --step <part>]",
		{
			options: {
				restart: { type: "boolean", default: false },
				list: { type: "boolean", default: false },
				step: { type: "string" },
			},
		},
		[
			"--restart  deletes all answers, and starts with the first part",
			"--list     shows all parts, and the score",
			`--step     repeats one part, and continues from there: ${partNames.join(", ")}`,
		],
	);
	const { step } = values;
	if (step !== undefined && !partNames.includes(step))
		throw new Error(`--step "${step}": must be one of ${partNames.join(", ")}`);
	return values;
}

async function takeInTerminal(step: string | undefined): Promise<number> {
	const { request } = await knownReport();
	const abort = new AbortController();
	const end = (signal: NodeJS.Signals) => {
		if (abort.signal.aborted) return;
		// The terminal is gone: nothing can be shown, and the lab must be restored all the same.
		if (signal === "SIGHUP") for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
		abort.abort(new EndedBySignal(signal));
	};
	for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
	const print = (text: string) => console.log(text);
	const { stdin: input, stdout: output } = process;
	const reader = new LineReader({ input, output, signal: abort.signal, onInterrupt: () => end("SIGINT") });
	const session = {
		lab: liveLab(request, abort.signal, print),
		ask: (prompt: string) => reader.ask(prompt),
		print,
		screen: screenOf(),
		progress: await readProgress(progressPath),
		progressPath,
		recordPath: faultRecordPath,
		exclusively,
		drawbacks: async () => (await lastReport())?.drawbacks ?? [],
	};
	try {
		await takeLesson(session, step);
		return 0;
	} catch (error) {
		const { aborted, reason } = abort.signal;
		if (!aborted) throw error;
		// Of the operation that was interrupted, or of the repair after it.
		if (error !== reason) console.error(`error: ${(error as Error).message}`);
		console.log(lessonText.interrupted);
		return (reason as EndedBySignal).exitCode;
	} finally {
		reader.close();
	}
}

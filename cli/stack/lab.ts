/** What the commands share: what they do to their stack, and its last report. */
import { constants } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { withLock } from "../../lib/lock.ts";
import { writeForms } from "../../report/reportFiles.ts";
import { terminalReport } from "../../report/terminal.ts";
import { verifyWithEvidence } from "../../verification/evidence/verifyWithEvidence.ts";
import type { Report } from "../../verification/report.ts";
import { readReport, requireReport, stackOf } from "../../verification/resultFile.ts";
import { stack, stackName } from "./stack.ts";

const reportPath = "out/verification.json";

/**
 * Does what changes the stack while no other command of this project folder does: a second one waits for its turn, and
 * says for whom. Commands that only read need no turn.
 */
export const inTurn = (work: () => Promise<number>): Promise<number> =>
	withLock(
		{
			file: join(".state", stackName),
			onWait: (holder) =>
				console.error(`waiting for ${holder}, which works on the stack ${stackName} or was killed just now`),
			onLost: (why) => {
				console.error(`error: lost the turn (${why}), perhaps as the machine slept: run the same command again`);
				process.kill(process.pid, "SIGTERM");
			},
		},
		work,
	);

const endings = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs the Pulumi CLI on the stack, as the user would, and tells its exit code. The first signal that is to end this
 * command is passed on, and Pulumi's end waited for; no other is, as Pulumi would then abandon its work.
 */
export async function pulumi(...args: string[]): Promise<number> {
	// In a session of its own: what a terminal sends to all of a process group reaches it by this way alone.
	const running = execa("pulumi", [...args, "--stack", stack], { stdio: "inherit", reject: false, detached: true });
	let received: NodeJS.Signals | undefined;
	const passOn = (signal: NodeJS.Signals) => {
		if (received) return;
		received = signal;
		running.kill("SIGINT");
	};
	for (const signal of endings) process.on(signal, passOn);
	const { exitCode, signal } = await running;
	for (const signal of endings) process.off(signal, passOn);
	if (received === undefined) {
		if (signal)
			console.error(`pulumi was ended by ${signal}: run the same command again, it goes on where this one stopped`);
		return exitCode ?? 1;
	}
	console.error(`interrupted (${received}): run the same command again, it goes on where this one stopped`);
	return 128 + constants.signals[received];
}

/** Selects the stack; one that is not there is made. */
export async function selectStack(): Promise<void> {
	await execa("pulumi", ["stack", "select", stack, "--create"], { stdout: "ignore", stderr: "inherit" });
}

/** The report of the stack's last verification; undefined where there is none, as where another stack's came after it. */
export async function lastReport(): Promise<Report | undefined> {
	const report = await readReport(reportPath);
	return report && stackOf(report.request) === stackName ? report : undefined;
}

/** @throws where there is none of this stack */
export async function knownReport(): Promise<Report> {
	const report = await requireReport(reportPath);
	const owner = stackOf(report.request);
	if (owner === stackName) return report;
	throw new Error(
		`${reportPath} is of ${owner === undefined ? "an unknown stack" : `the stack "${owner}"`}, not of "${stackName}"; fix: npm start`,
	);
}

/** Repeats the last verification against the cluster as it is now. */
export async function verifyAgain(): Promise<Report> {
	const { request } = await knownReport();
	return verifyWithEvidence(request, (line) => console.error(line));
}

/** Prints the report, and writes it for other readers. */
export async function show(report: Report): Promise<void> {
	const { isTTY, columns } = process.stdout;
	console.log(terminalReport(report, { color: isTTY ?? false, ...(columns && { width: columns }) }));
	await tellForms(report);
}

/** Writes the report for other readers, and says where. It is none the less verified where that fails. */
export async function tellForms(report: Report): Promise<void> {
	try {
		const { html } = await writeForms(report, (line) => console.error(line));
		console.log(`report to look at: ${html}`);
	} catch (error) {
		console.error(
			`the report could not be written for others to read: ${(error as Error).message}; again: npm run report`,
		);
	}
}

/** What the commands share: what they do to their stack, and its last report. */
import { execa } from "execa";
import { verifyWithEvidence } from "../verification/evidence.ts";
import type { Report } from "../verification/report/model.ts";
import { readReport } from "../verification/report/stored.ts";
import { terminalReport } from "../verification/report/terminal.ts";
import { stack } from "./stack.ts";

const reportPath = "out/verification.json";

/** Runs the Pulumi CLI on the stack, as the user would, and tells its exit code. */
export async function pulumi(...args: string[]): Promise<number> {
	const { exitCode } = await execa("pulumi", [...args, "--stack", stack], { stdio: "inherit", reject: false });
	return exitCode ?? 1;
}

/** Selects the stack; one that is not there is made. */
export async function selectStack(): Promise<void> {
	await execa("pulumi", ["stack", "select", stack, "--create"], { stdout: "ignore", stderr: "inherit" });
}

/** A setting of the stack, or its default. */
export async function setting(name: string): Promise<string> {
	return (await execa("pulumi", ["config", "get", name, "--stack", stack])).stdout;
}

/** The report of the last verification; undefined where there is none yet. */
export const lastReport = (): Promise<Report | undefined> => readReport(reportPath);

/** @throws where there is none yet */
export async function knownReport(): Promise<Report> {
	const report = await lastReport();
	if (report) return report;
	throw new Error(`the lab was not verified yet (no ${reportPath} of this version): run \`npm start\` first`);
}

/** Repeats the last verification against the cluster as it is now. */
export async function verifyAgain(): Promise<Report> {
	const { request } = await knownReport();
	return verifyWithEvidence(request, (line) => console.error(line));
}

export function show(report: Report): void {
	const { isTTY, columns } = process.stdout;
	console.log(terminalReport(report, { color: isTTY ?? false, ...(columns && { width: columns }) }));
}

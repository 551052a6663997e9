/** Recoveries from faults: the next command that a user runs fixes them. Records how long each one takes. */
import { join } from "node:path";
import { expect } from "vitest";
import { readReport } from "../../../verification/resultFile.ts";
import type { Lab } from "./lab.ts";

interface Finished {
	exitCode?: number | undefined;
	all: string;
}

export class Recoveries {
	private readonly times: { fault: string; by: string; seconds: number }[] = [];
	private readonly withSetUp: boolean;

	/** @param withSetUp `npm start` includes the doctor and the set-up */
	constructor({ withSetUp = false } = {}) {
		this.withSetUp = withSetUp;
	}

	/** `npm start` ends with a new, successful verification. @returns its output */
	async start(lab: Lab, fault: string): Promise<string> {
		const began = new Date().toISOString();
		const printed = await this.time("start", fault, () =>
			this.withSetUp ? lab.npm("start") : lab.run("cli/start.ts"),
		);
		const report = await readReport(join(lab.folder, "out/verification.json"));
		expect(report?.ok, printed).toBe(true);
		expect(report?.checkedAt && report.checkedAt > began, "verified again").toBe(true);
		return printed;
	}

	/** `npm run destroy` succeeds. @returns its output */
	destroy = (lab: Lab, fault: string): Promise<string> => this.time("destroy", fault, () => lab.run("cli/destroy.ts"));

	private async time(by: string, fault: string, run: () => PromiseLike<Finished>): Promise<string> {
		const began = performance.now();
		const { exitCode, all } = await run();
		this.times.push({ fault, by, seconds: (performance.now() - began) / 1000 });
		expect(exitCode, all).toBe(0);
		return all;
	}

	/** One line per fault, the slowest first. */
	table(): string {
		const sorted = [...this.times].sort((a, b) => b.seconds - a.seconds);
		const lines = sorted.map(
			({ fault, by, seconds }) => `${seconds.toFixed(1).padStart(7)}  ${by.padEnd(7)}  ${fault}`,
		);
		return ["SECONDS  BY       FAULT", ...lines].join("\n");
	}
}

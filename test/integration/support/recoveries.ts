/** How a lab recovers from faults: by the command that anybody would run next, and how long that takes. */
import { join } from "node:path";
import { expect } from "vitest";
import { readReport } from "../../../verification/resultFile.ts";
import type { Lab } from "./lab.ts";

interface Ended {
	exitCode?: number | undefined;
	all: string;
}

export class Recoveries {
	private readonly times: { fault: string; by: string; seconds: number }[] = [];
	private readonly whole: boolean;

	/** @param whole the lab has a set-up, and `npm start` is to be its whole chain: doctor, set-up, cli/start.ts */
	constructor({ whole = false } = {}) {
		this.whole = whole;
	}

	/** Ends with the lab verified by `npm start`. @returns what it said */
	async start(lab: Lab, fault: string): Promise<string> {
		const began = new Date().toISOString();
		const said = await this.time("start", fault, () => (this.whole ? lab.npm("start") : lab.run("cli/start.ts")));
		const report = await readReport(join(lab.folder, "out/verification.json"));
		expect(report?.ok, said).toBe(true);
		expect(report?.checkedAt && report.checkedAt > began, "verified anew").toBe(true);
		return said;
	}

	/** Ends with the lab removed by `npm run destroy`. @returns what it said */
	destroy = (lab: Lab, fault: string): Promise<string> => this.time("destroy", fault, () => lab.run("cli/destroy.ts"));

	private async time(by: string, fault: string, run: () => PromiseLike<Ended>): Promise<string> {
		const began = performance.now();
		const { exitCode, all } = await run();
		this.times.push({ fault, by, seconds: (performance.now() - began) / 1000 });
		expect(exitCode, all).toBe(0);
		return all;
	}

	/** One line for each fault, the slowest first. */
	table(): string {
		const sorted = [...this.times].sort((a, b) => b.seconds - a.seconds);
		const lines = sorted.map(
			({ fault, by, seconds }) => `${seconds.toFixed(1).padStart(7)}  ${by.padEnd(7)}  ${fault}`,
		);
		return ["SECONDS  BY       FAULT", ...lines].join("\n");
	}
}

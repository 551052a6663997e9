/** How a lab recovers from faults: by the command that anybody would run next, and how long that takes. */
import { join } from "node:path";
import { expect } from "vitest";
import { readReport } from "../../verification/report/stored.ts";
import type { Lab } from "./lab.ts";

export class Recoveries {
	private readonly times: { fault: string; script: string; seconds: number }[] = [];

	/** Ends with the lab verified by `npm start`. @returns what it said */
	async start(lab: Lab, fault: string): Promise<string> {
		const began = new Date().toISOString();
		const said = await this.time(lab, fault, "cli/start.ts");
		const report = await readReport(join(lab.folder, "out/verification.json"));
		expect(report?.ok, said).toBe(true);
		expect(report?.checkedAt && report.checkedAt > began, "verified anew").toBe(true);
		return said;
	}

	/** Ends with the lab removed by `npm run destroy`. @returns what it said */
	destroy = (lab: Lab, fault: string): Promise<string> => this.time(lab, fault, "cli/destroy.ts");

	private async time(lab: Lab, fault: string, script: string): Promise<string> {
		const began = performance.now();
		const { exitCode, all } = await lab.run(script);
		this.times.push({ fault, script, seconds: (performance.now() - began) / 1000 });
		expect(exitCode, all).toBe(0);
		return all;
	}

	/** One line for each fault, the slowest first. */
	table(): string {
		const sorted = [...this.times].sort((a, b) => b.seconds - a.seconds);
		const lines = sorted.map(
			({ fault, script, seconds }) =>
				`${seconds.toFixed(1).padStart(7)}  ${script === "cli/start.ts" ? "start  " : "destroy"}  ${fault}`,
		);
		return ["SECONDS  BY       FAULT", ...lines].join("\n");
	}
}

/** A program from examples/, deployed next to a lab and in the same backend. */
import { join } from "node:path";
import { execa } from "execa";
import type { Lab } from "../support/lab.ts";

export interface Printed {
	exitCode: number | undefined;
	all: string;
}

/** Drives the program's stack with Pulumi's commands, as its user does. The stack has the name of the lab's stack. */
export class Program {
	readonly folder: string;
	/** What the commands printed. */
	readonly printed: string[] = [];
	readonly #options: { cwd: string; env: Record<string, string> };

	constructor(lab: Lab, example: string) {
		this.folder = join(lab.folder, "examples", example);
		this.#options = { cwd: this.folder, env: lab.env };
	}

	/** Doesn't throw: a test checks the exit code. */
	async pulumi(...args: string[]): Promise<Printed> {
		const options = { ...this.#options, all: true, reject: false } as const;
		const { exitCode, all } = await execa("pulumi", [...args, "--non-interactive"], options);
		this.printed.push(all);
		return { exitCode, all };
	}

	up = (...args: string[]) => this.pulumi("up", "--yes", "--skip-preview", ...args);
	destroy = () => this.pulumi("destroy", "--yes", "--skip-preview");

	/** The stack's outputs, with secrets hidden. */
	async outputs(): Promise<Record<string, unknown>> {
		const { stdout } = await execa("pulumi", ["stack", "output", "--json"], this.#options);
		return JSON.parse(stdout);
	}
}

/** A program of examples/, beside a lab of the tests' own and in its backend. */
import { join } from "node:path";
import { execa } from "execa";
import type { Lab } from "./lab.ts";

export interface Said {
	exitCode: number | undefined;
	all: string;
}

/** The program's stack, driven by Pulumi's own commands as its user would. Its name: that of the lab's stack. */
export class Program {
	readonly folder: string;
	/** Everything that commands have said. */
	readonly said: string[] = [];
	readonly #options: { cwd: string; env: Record<string, string> };

	constructor(lab: Lab, example: string) {
		this.folder = join(lab.folder, "examples", example);
		const env = { PULUMI_STACK: "test", PULUMI_CONFIG_PASSPHRASE: "", HOME: lab.home };
		this.#options = { cwd: this.folder, env };
	}

	/** Never throws: a test looks at the exit code. */
	async pulumi(...args: string[]): Promise<Said> {
		const options = { ...this.#options, all: true, reject: false } as const;
		const { exitCode, all } = await execa("pulumi", [...args, "--non-interactive"], options);
		this.said.push(all);
		return { exitCode, all };
	}

	up = (...args: string[]) => this.pulumi("up", "--yes", "--skip-preview", ...args);
	destroy = () => this.pulumi("destroy", "--yes", "--skip-preview");

	/** The stack's outputs; secrets stay so. */
	async outputs(): Promise<Record<string, unknown>> {
		const { stdout } = await execa("pulumi", ["stack", "output", "--json"], this.#options);
		return JSON.parse(stdout);
	}
}

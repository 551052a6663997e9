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
	readonly #lab: Lab;

	constructor(lab: Lab, example: string) {
		this.#lab = lab;
		this.folder = join(lab.folder, "examples", example);
	}

	/** Never throws: a test looks at the exit code. */
	async pulumi(...args: string[]): Promise<Said> {
		const env = { PULUMI_STACK: "test", PULUMI_CONFIG_PASSPHRASE: "", HOME: this.#lab.home };
		const options = { cwd: this.folder, env, all: true, reject: false } as const;
		const { exitCode, all } = await execa("pulumi", [...args, "--non-interactive"], options);
		this.said.push(all);
		return { exitCode, all };
	}

	up = (...args: string[]) => this.pulumi("up", "--yes", "--skip-preview", ...args);
	destroy = () => this.pulumi("destroy", "--yes", "--skip-preview");

	/** The stack's outputs; secrets stay so. */
	async outputs(): Promise<Record<string, unknown>> {
		const { stdout } = await execa("pulumi", ["stack", "output", "--json"], {
			cwd: this.folder,
			env: { PULUMI_STACK: "test", PULUMI_CONFIG_PASSPHRASE: "", HOME: this.#lab.home },
		});
		return JSON.parse(stdout);
	}
}

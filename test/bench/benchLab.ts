/** The lab that is measured, small programs next to it, and the settings with the images, which byHand.sh also uses. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { settingsOf } from "../../cli/stack/settings.ts";
import { clusterName, Lab } from "../integration/support/lab.ts";
import { type Options, seconds, toTheEnd } from "./runner.ts";

export { clusterName };

const quickly = ["--yes", "--skip-preview", "--non-interactive"];

/** The project's settings, with their defaults. */
export const settings = async () => settingsOf(await readFile("Pulumi.yaml", "utf8"), "").plain;

export interface BenchLab {
	folder: string;
	env: Record<string, string>;
	/** Seconds that `pulumi up` takes, without a preview and a question. */
	up(): Promise<number>;
	/** Seconds that `pulumi destroy` takes. */
	destroy(): Promise<number>;
	configure(name: string, value: string | number): Promise<void>;
	/** Seconds that a program takes in the lab's folder. */
	run(program: string, args: string[], input?: string): Promise<number>;
}

/** Works with a lab that isn't up yet, and removes it in any case. */
export async function withLab<T>(work: (lab: BenchLab) => Promise<T>): Promise<T> {
	const created = await Lab.create();
	const { folder, stack } = created;
	const env = stack.workspace.envVars;
	const options: Options = { cwd: folder, env };
	const pulumi = (...args: string[]) => seconds("pulumi", [...args, ...quickly], options);
	try {
		return await work({
			folder,
			env,
			up: () => pulumi("up"),
			destroy: () => pulumi("destroy"),
			configure: (name, value) => stack.setConfig(name, { value: String(value) }),
			run: (program, args, input) => seconds(program, args, { ...options, ...(input !== undefined && { input }) }),
		});
	} finally {
		await toTheEnd("node", ["lib/program.mjs", "cli/destroy.ts"], options);
		await created.removeFolder();
	}
}

/** A program without resources. @returns its `pulumi up` */
export const emptyProgram = (lab: BenchLab) => programNextTo(lab, "empty", "export {};\n");

/** A program with one resource of each of the lab's providers, in the lab's cluster. @returns its `pulumi up` */
export const leastProgram = (lab: BenchLab) =>
	programNextTo(
		lab,
		"least",
		`import * as command from "@pulumi/command";
import * as k8s from "@pulumi/kubernetes";
new command.local.Command("least", { create: "true", logging: "stderr", addPreviousOutputInEnv: false });
const provider = new k8s.Provider("least", { kubeconfig: "../.kube/${clusterName}.yaml" });
new k8s.core.v1.Namespace("least", { metadata: { name: "least" } }, { provider });
`,
	);

/** A JavaScript program in the lab's folder, with a backend of its own. @returns its `pulumi up` */
async function programNextTo({ folder, env }: BenchLab, name: string, program: string): Promise<() => Promise<number>> {
	const cwd = join(folder, name);
	const { backend } = parse(await readFile("Pulumi.yaml", "utf8"));
	const [main, runtime] = ["index.js", { name: "nodejs", options: { typescript: false } }];
	await mkdir(join(cwd, ".state"), { recursive: true });
	await writeFile(join(cwd, "Pulumi.yaml"), JSON.stringify({ name, runtime, main, backend }));
	await writeFile(join(cwd, "package.json"), JSON.stringify({ type: "module" }));
	await writeFile(join(cwd, main), program);
	await toTheEnd("pulumi", ["stack", "select", "test", "--create"], { cwd, env });
	return () => seconds("pulumi", ["up", ...quickly], { cwd, env });
}

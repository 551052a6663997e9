/** What the measurements work on: a lab of the bench's own, and the images that whoever works by hand takes too. */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { settingsOf } from "../../cli/stack/settings.ts";
import { clusterName, Lab } from "../integration/lab.ts";
import { type Options, seconds, toTheEnd } from "./runner.ts";

export { clusterName };

const quickly = ["--yes", "--skip-preview", "--non-interactive"];

/** The project's own settings, with their defaults. */
export const settings = async () => settingsOf(await readFile("Pulumi.yaml", "utf8"), "").plain;

export interface BenchLab {
	folder: string;
	/** What its commands need in their environment. */
	env: Record<string, string>;
	/** Seconds that `pulumi up` takes: as its user runs it, but that it asks nothing and previews nothing. */
	up(): Promise<number>;
	/** Seconds that `pulumi destroy` takes. */
	destroy(): Promise<number>;
	configure(name: string, value: string | number): Promise<void>;
	/** Seconds that a program takes in the lab's folder. */
	run(program: string, args: string[], input?: string): Promise<number>;
}

/** Has a lab that is not up yet worked on, and leaves nothing of it, whatever comes. */
export async function withLab<T>(work: (lab: BenchLab) => Promise<T>): Promise<T> {
	const { folder, stack } = await Lab.create();
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
		await toTheEnd("node", ["--import", "tsx", "cli/destroy.ts"], options);
		await rm(folder, { recursive: true });
	}
}

/** A program without any resource. @returns its `pulumi up` */
export const emptyProgram = (lab: BenchLab) => programBeside(lab, "empty", "export {};\n");

/** A program with one resource of each of the lab's providers, in the lab's cluster. @returns its `pulumi up` */
export const leastProgram = (lab: BenchLab) =>
	programBeside(
		lab,
		"least",
		`import * as command from "@pulumi/command";
import * as k8s from "@pulumi/kubernetes";
new command.local.Command("least", { create: "true", logging: "stderr", addPreviousOutputInEnv: false });
const provider = new k8s.Provider("least", { kubeconfig: "../.kube/${clusterName}.yaml" });
new k8s.core.v1.Namespace("least", { metadata: { name: "least" } }, { provider });
`,
	);

/** A program in a folder of the lab's, with the lab's runtime options and kind of backend. @returns its `pulumi up` */
async function programBeside({ folder, env }: BenchLab, name: string, program: string): Promise<() => Promise<number>> {
	const cwd = join(folder, name);
	const { runtime, main, backend } = parse(await readFile("Pulumi.yaml", "utf8"));
	await mkdir(join(cwd, ".state"), { recursive: true });
	await writeFile(join(cwd, "Pulumi.yaml"), JSON.stringify({ name, runtime, main, backend }));
	await writeFile(join(cwd, "package.json"), JSON.stringify({ type: "module" }));
	await writeFile(join(cwd, main), program);
	await toTheEnd("pulumi", ["stack", "select", "test", "--create"], { cwd, env });
	return () => seconds("pulumi", ["up", ...quickly], { cwd, env });
}

/** What the measurements work on: a lab of the bench's own, and the images that whoever works by hand takes too. */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { settingsOf } from "../../cli/settings.ts";
import { clusterName, Lab } from "../integration/lab.ts";
import { type Options, seconds, toTheEnd } from "./runner.ts";

export { clusterName };

const quickly = ["--yes", "--skip-preview", "--non-interactive"];

/** The project's own settings, with their defaults. */
export const settings = async () => settingsOf(await readFile("Pulumi.yaml", "utf8"), "");

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

/** A program without any resource, with the runtime options and the kind of backend of the lab. @returns its `pulumi up` */
export async function emptyProgram({ folder, env }: BenchLab): Promise<() => Promise<number>> {
	const cwd = join(folder, "empty");
	const { runtime, main, backend } = parse(await readFile("Pulumi.yaml", "utf8"));
	await mkdir(join(cwd, ".state"), { recursive: true });
	await writeFile(join(cwd, "Pulumi.yaml"), JSON.stringify({ name: "empty", runtime, main, backend }));
	await writeFile(join(cwd, "package.json"), JSON.stringify({ type: "module" }));
	await writeFile(join(cwd, main), "export {};\n");
	await toTheEnd("pulumi", ["stack", "select", "test", "--create"], { cwd, env });
	return () => seconds("pulumi", ["up", ...quickly], { cwd, env });
}

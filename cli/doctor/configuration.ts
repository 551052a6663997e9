/** The stack's settings as Pulumi would hand them to the program, read without it. */
import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { z } from "zod";
import { type LabConfig, labConfigOf } from "../../components/labConfig.ts";
import type { Finding } from "./finding.ts";

const Values = z.record(z.string(), z.unknown()).nullish();
const Project = z.object({
	name: z.string(),
	config: z.record(z.string(), z.object({ default: z.unknown() })),
});
const Stack = z.object({ config: Values }).nullable();

/** A value that only Pulumi can decrypt counts as not set. */
const isSecret = (value: unknown): boolean => typeof value === "object" && value !== null && "secure" in value;

const text = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/**
 * The settings of the project's own namespace: the project's defaults, and over them the stack's.
 * @param project the text of Pulumi.yaml
 * @param stack that of Pulumi.<stack>.yaml; empty where there is no such file
 */
export function settingsOf(project: string, stack: string): Record<string, string> {
	const { name, config } = Project.parse(parse(project));
	const defaults = Object.entries(config).map(([key, setting]) => [key, setting.default]);
	const own = Object.entries(Stack.parse(parse(stack))?.config ?? {})
		.filter(([key, value]) => (!key.includes(":") || key.startsWith(`${name}:`)) && !isSecret(value))
		.map(([key, value]) => [key.slice(key.indexOf(":") + 1), value]);
	return Object.fromEntries([...defaults, ...own].map(([key, value]) => [key, text(value)]));
}

export type Configuration = { file: string } & ({ config: LabConfig } | { fault: string });

/** Reads the configuration of a stack of the project in the working folder; a stack may be named in full. */
export async function readConfiguration(stack: string): Promise<Configuration> {
	const file = `Pulumi.${stack.split("/").at(-1)}.yaml`;
	try {
		const [project, own] = await Promise.all([readFile("Pulumi.yaml", "utf8"), readFile(file, "utf8").catch(noneYet)]);
		return { file, config: labConfigOf(settingsOf(project, own)) };
	} catch (error) {
		return { file, fault: (error as Error).message };
	}
}

function noneYet(error: NodeJS.ErrnoException): string {
	if (error.code === "ENOENT") return "";
	throw error;
}

export function judgeConfiguration(configuration: Configuration): Finding {
	const subject = "configuration";
	const { file } = configuration;
	if ("config" in configuration) return { subject, level: "ok", found: `${file} and the defaults are valid` };
	const unseen =
		"Memory, disk, inotify, kernel, networks, cluster and ports depend on it: they are looked at when it is valid.";
	return { subject, level: "stop", found: `${file}: ${configuration.fault}\n${unseen}` };
}

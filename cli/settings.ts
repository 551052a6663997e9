/** The stack's settings as Pulumi would hand them to the program, read without it. */
import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { z } from "zod";
import { projectOf, settingText } from "../components/projectDefaults.ts";
import { shortName, stack } from "./stack.ts";

/** Where a stack's own settings are, in the working folder. */
export const settingsFile = (stack: string): string => `Pulumi.${shortName(stack)}.yaml`;

const Values = z.record(z.string(), z.unknown()).nullish();
const Stack = z.object({ config: Values }).nullable();

/** A value that only Pulumi can decrypt counts as not set. */
const isSecret = (value: unknown): boolean => typeof value === "object" && value !== null && "secure" in value;

/**
 * The settings of the project's own namespace: the project's defaults, and over them the stack's.
 * @param project the text of Pulumi.yaml
 * @param stack that of Pulumi.<stack>.yaml; empty where there is no such file
 */
export function settingsOf(project: string, stack: string): Record<string, string> {
	const { name, defaults } = projectOf(project);
	const own = Object.entries(Stack.parse(parse(stack))?.config ?? {})
		.filter(([key, value]) => (!key.includes(":") || key.startsWith(`${name}:`)) && !isSecret(value))
		.map(([key, value]) => [key.slice(key.indexOf(":") + 1), settingText(value)]);
	return { ...defaults, ...Object.fromEntries(own) };
}

/** All settings of a stack of the project in the working folder: its own, and the defaults. */
export async function readSettings(stack: string): Promise<Record<string, string>> {
	const [project, own] = await Promise.all([
		readFile("Pulumi.yaml", "utf8"),
		readFile(settingsFile(stack), "utf8").catch(noneYet),
	]);
	return settingsOf(project, own);
}

function noneYet(error: NodeJS.ErrnoException): string {
	if (error.code === "ENOENT") return "";
	throw error;
}

/** A setting of the commands' stack, or its default. @throws where it has neither */
export async function setting(name: string): Promise<string> {
	const value = (await readSettings(stack))[name];
	if (value === undefined) throw new Error(`neither ${settingsFile(stack)} nor Pulumi.yaml sets ${name}`);
	return value;
}

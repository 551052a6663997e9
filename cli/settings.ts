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

/** Only Pulumi can decrypt such a value. */
const isSecret = (value: unknown): boolean => typeof value === "object" && value !== null && "secure" in value;

function refuseSecrets(settings: [string, unknown][]): void {
	const fixes = settings
		.filter(([, value]) => isSecret(value))
		.map(([key]) => `pulumi config set ${key} "$(pulumi config get ${key})" --plaintext`);
	if (fixes.length === 0) return;
	throw new Error(
		`the commands cannot read settings that are stored as secrets, and none of them is one; fix: ${fixes.join(" && ")}`,
	);
}

/**
 * The settings of the project's own namespace: the project's defaults, and over them the stack's.
 * @param project the text of Pulumi.yaml
 * @param stack that of Pulumi.<stack>.yaml; empty where there is no such file
 * @throws naming those that are secrets
 */
export function settingsOf(project: string, stack: string): Record<string, string> {
	const { name, defaults } = projectOf(project);
	const own = Object.entries(Stack.parse(parse(stack))?.config ?? {})
		.filter(([key]) => !key.includes(":") || key.startsWith(`${name}:`))
		.map(([key, value]): [string, unknown] => [key.slice(key.indexOf(":") + 1), value]);
	refuseSecrets(own);
	return { ...defaults, ...Object.fromEntries(own.map(([key, value]) => [key, settingText(value)])) };
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

/** The stack's settings as Pulumi would hand them to the program, read without it. */
import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { z } from "zod";
import { projectOf, settingText } from "../../config/projectDefaults.ts";
import { shortName, stack } from "./stack.ts";

/** Where a stack's own settings are, in the working folder. */
export const settingsFile = (stack: string): string => `Pulumi.${shortName(stack)}.yaml`;

const Values = z.record(z.string(), z.unknown()).nullish();
const Stack = z.object({ config: Values }).nullable();

/** The settings of the project's own namespace. */
export interface Settings {
	/** Those that can be read without Pulumi, as text. */
	plain: Record<string, string>;
	/** Names of those that only Pulumi can decrypt. */
	secrets: string[];
}

/** Whether a value, or one within it, is encrypted. */
const isSecret = (value: unknown): boolean =>
	typeof value === "object" && value !== null && ("secure" in value || Object.values(value).some(isSecret));

/** @throws where there are any, all at once: none of the settings needs to be one */
export function refuseSecrets(secrets: string[]): void {
	if (secrets.length === 0) return;
	const fixes = secrets.map((key) => `pulumi config set ${key} "$(pulumi config get ${key})" --plaintext`);
	throw new Error(
		`the commands cannot read settings that are stored as secrets, and none of them is one; fix: ${fixes.join(" && ")}`,
	);
}

/**
 * The project's defaults, and over them the stack's own settings.
 * @param project the text of Pulumi.yaml
 * @param stack that of Pulumi.<stack>.yaml; empty where there is no such file
 */
export function settingsOf(project: string, stack: string): Settings {
	const { name, defaults } = projectOf(project);
	const own = Object.entries(Stack.parse(parse(stack))?.config ?? {})
		.filter(([key]) => !key.includes(":") || key.startsWith(`${name}:`))
		.map(([key, value]): [string, unknown] => [key.slice(key.indexOf(":") + 1), value]);
	const secrets = own.flatMap(([key, value]) => (isSecret(value) ? key : []));
	const all = { ...defaults, ...Object.fromEntries(own.map(([key, value]) => [key, settingText(value)])) };
	return { plain: Object.fromEntries(Object.entries(all).filter(([key]) => !secrets.includes(key))), secrets };
}

/** All settings of a stack of the project in the working folder: its own, and the defaults. */
export async function readSettings(stack: string): Promise<Settings> {
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

/** A setting of the commands' stack, or its default. @throws where it has neither, or is a secret */
export async function setting(name: string): Promise<string> {
	const { plain, secrets } = await readSettings(stack);
	refuseSecrets(secrets.filter((secret) => secret === name));
	const value = plain[name];
	if (value === undefined) throw new Error(`neither ${settingsFile(stack)} nor Pulumi.yaml sets ${name}`);
	return value;
}

/** The stack's settings, read without Pulumi. */
import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { z } from "zod";
import { projectOf, settingText } from "../../config/projectDefaults.ts";
import { readIfExists } from "../../lib/atomicFile.ts";
import { shortName, stack } from "./stack.ts";

/** The stack's configuration file, in the working folder. */
export const settingsFile = (stack: string): string => `Pulumi.${shortName(stack)}.yaml`;

const Values = z.record(z.string(), z.unknown()).nullish();
const Stack = z.object({ config: Values }).nullable();

/** The settings of the project's own namespace. */
export interface Settings {
	/** Values in clear text. */
	plain: Record<string, string>;
	/** Names of encrypted settings, which only Pulumi can read. */
	secrets: string[];
}

/** Whether a value, or a part of it, is encrypted. */
const isSecret = (value: unknown): boolean =>
	typeof value === "object" && value !== null && ("secure" in value || Object.values(value).some(isSecret));

/** @throws naming all of them: no setting of the lab needs to be secret */
export function refuseSecrets(secrets: string[]): void {
	if (secrets.length === 0) return;
	const fixes = secrets.map((key) => `pulumi config set ${key} "$(pulumi config get ${key})" --plaintext`);
	throw new Error(
		`these settings are stored as secrets, which the commands can't read, and don't need to be secret; fix: ${fixes.join(" && ")}`,
	);
}

/**
 * The stack's own settings, and the project's defaults for the others.
 * @param project the text of Pulumi.yaml
 * @param stack the text of Pulumi.<stack>.yaml; empty if there is no such file
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

/** The settings of a stack of the project in the working folder. */
export async function readSettings(stack: string): Promise<Settings> {
	const [project, own = ""] = await Promise.all([readFile("Pulumi.yaml", "utf8"), readIfExists(settingsFile(stack))]);
	return settingsOf(project, own);
}

/** A setting, or its default. @throws if it has neither, or is a secret */
export function setting({ plain, secrets }: Settings, name: string): string {
	refuseSecrets(secrets.filter((secret) => secret === name));
	const value = plain[name];
	if (value === undefined) throw new Error(`neither ${settingsFile(stack)} nor Pulumi.yaml sets ${name}`);
	return value;
}

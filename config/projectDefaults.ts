/** The project's name and its settings' defaults, read from Pulumi.yaml without Pulumi. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";

const Project = z.object({
	name: z.string(),
	config: z.record(z.string(), z.object({ default: z.unknown() })),
});

/** A value as Pulumi passes it to the program. */
export const settingText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** @param text of Pulumi.yaml */
export function projectOf(text: string): { name: string; defaults: Record<string, string> } {
	const { name, config } = Project.parse(parse(text));
	const defaults = Object.entries(config).map(([key, setting]) => [key, settingText(setting.default)]);
	return { name, defaults: Object.fromEntries(defaults) };
}

/** This project's defaults, from any working folder. */
export const usualSettings = (): Record<string, string> =>
	projectOf(readFileSync(new URL("../Pulumi.yaml", import.meta.url), "utf8")).defaults;

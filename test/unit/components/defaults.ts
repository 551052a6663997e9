import { readFileSync } from "node:fs";
import { parse } from "yaml";

const { config } = parse(readFileSync("Pulumi.yaml", "utf8")) as { config: Record<string, { default: unknown }> };

/** The stack's settings as a program gets them where the user sets none: Pulumi.yaml's defaults, as text. */
export const defaults: Record<string, string> = Object.fromEntries(
	Object.entries(config).map(([name, setting]) => [name, String(setting.default)]),
);

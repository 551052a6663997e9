import { readFileSync } from "node:fs";
import { parse } from "yaml";

const { config } = parse(readFileSync("Pulumi.yaml", "utf8")) as { config: Record<string, { default: unknown }> };

/** The settings of a stack that sets none: the defaults of Pulumi.yaml, as text. */
export const defaults: Record<string, string> = Object.fromEntries(
	Object.entries(config).map(([name, setting]) => [name, String(setting.default)]),
);

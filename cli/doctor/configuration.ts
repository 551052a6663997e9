import { type LabConfig, labConfigOf } from "../../config/labConfig.ts";
import { readSettings, refuseSecrets, settingsFile } from "../stack/settings.ts";
import type { Finding } from "./finding.ts";

/** `existing`: it is for an existing cluster, even if it is invalid. */
export type Configuration = { file: string; existing: boolean } & ({ config: LabConfig } | { error: string });

/** Reads the configuration of a stack of the project in the working folder. */
export async function readConfiguration(stack: string): Promise<Configuration> {
	const file = settingsFile(stack);
	let existing = false;
	try {
		const { plain, secrets } = await readSettings(stack);
		existing = plain.cluster === "existing";
		refuseSecrets(secrets);
		return { file, existing, config: labConfigOf(plain) };
	} catch (error) {
		return { file, existing, error: (error as Error).message };
	}
}

export function judgeConfiguration(configuration: Configuration): Finding {
	const subject = "configuration";
	const { file } = configuration;
	if ("config" in configuration) return { subject, level: "ok", found: `${file} and the defaults are valid` };
	const skipped = configuration.existing
		? "The cluster is checked once the configuration is valid."
		: "Memory, disk, inotify, kernel, network, cluster and port checks run once the configuration is valid.";
	return { subject, level: "stop", found: `${file}: ${configuration.error}\n${skipped}` };
}

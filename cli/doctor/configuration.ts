import { type LabConfig, labConfigOf } from "../../config/labConfig.ts";
import { readSettings, refuseSecrets, settingsFile } from "../stack/settings.ts";
import type { Finding } from "./finding.ts";

/** `existing`: whether it is for a cluster that exists, faulty or not. */
export type Configuration = { file: string; existing: boolean } & ({ config: LabConfig } | { fault: string });

/** Reads the configuration of a stack of the project in the working folder; a stack may be named in full. */
export async function readConfiguration(stack: string): Promise<Configuration> {
	const file = settingsFile(stack);
	let existing = false;
	try {
		const { plain, secrets } = await readSettings(stack);
		existing = plain.cluster === "existing";
		refuseSecrets(secrets);
		return { file, existing, config: labConfigOf(plain) };
	} catch (error) {
		return { file, existing, fault: (error as Error).message };
	}
}

export function judgeConfiguration(configuration: Configuration): Finding {
	const subject = "configuration";
	const { file } = configuration;
	if ("config" in configuration) return { subject, level: "ok", found: `${file} and the defaults are valid` };
	const unseen = configuration.existing
		? "The cluster is looked at when it is valid."
		: "Memory, disk, inotify, kernel, networks, cluster and ports depend on it: they are looked at when it is valid.";
	return { subject, level: "stop", found: `${file}: ${configuration.fault}\n${unseen}` };
}

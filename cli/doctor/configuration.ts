import { type LabConfig, labConfigOf } from "../../components/labConfig.ts";
import { readSettings, settingsFile } from "../settings.ts";
import type { Finding } from "./finding.ts";

export type Configuration = { file: string } & ({ config: LabConfig } | { fault: string });

/** Reads the configuration of a stack of the project in the working folder; a stack may be named in full. */
export async function readConfiguration(stack: string): Promise<Configuration> {
	const file = settingsFile(stack);
	try {
		return { file, config: labConfigOf(await readSettings(stack)) };
	} catch (error) {
		return { file, fault: (error as Error).message };
	}
}

export function judgeConfiguration(configuration: Configuration): Finding {
	const subject = "configuration";
	const { file } = configuration;
	if ("config" in configuration) return { subject, level: "ok", found: `${file} and the defaults are valid` };
	const unseen =
		"Memory, disk, inotify, kernel, networks, cluster and ports depend on it: they are looked at when it is valid.";
	return { subject, level: "stop", found: `${file}: ${configuration.fault}\n${unseen}` };
}

import * as pulumi from "@pulumi/pulumi";
import { type LabConfig, labConfigOf } from "../../config/labConfig.ts";

/** Reads the stack's configuration from the engine: the only place that does. */
export function readLabConfig(): LabConfig {
	const prefix = `${pulumi.getProject()}:`;
	const config = new pulumi.Config();
	const keys = Object.keys(pulumi.runtime.allConfig())
		.filter((key) => key.startsWith(prefix))
		.map((key) => key.slice(prefix.length));
	return labConfigOf(Object.fromEntries(keys.map((key) => [key, config.require(key)])));
}

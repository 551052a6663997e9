import * as pulumi from "@pulumi/pulumi";
import { type LabConfig, labConfigOf } from "../../config/labConfig.ts";

/** The only reader of the stack's configuration. */
export function readLabConfig(): LabConfig {
	const prefix = `${pulumi.getProject()}:`;
	const config = new pulumi.Config();
	const keys = Object.keys(pulumi.runtime.allConfig())
		.filter((key) => key.startsWith(prefix))
		.map((key) => key.slice(prefix.length));
	return labConfigOf(Object.fromEntries(keys.map((key) => [key, config.require(key)])));
}

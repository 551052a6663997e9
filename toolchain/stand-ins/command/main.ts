/** Stand-in for the provider `command`: the resource command:local:Command, without assets and archives. */
import { randomBytes } from "node:crypto";
import sdk from "@pulumi/command/package.json" with { type: "json" };
import { z } from "zod";
import { changes, touches } from "../protocol/diff.ts";
import {
	containsSecret,
	containsUnknown,
	type Properties,
	secret,
	unknown,
	type Value,
	withoutSecrets,
} from "../protocol/properties.ts";
import { type Failure, type Provider, type Resource, serveProvider } from "../protocol/provider.ts";
import { EngineLog, installOfficial } from "../protocol/serve.ts";
import { cancelAll, run } from "./run.ts";

const Inputs = z.strictObject({
	create: z.string().optional(),
	update: z.string().optional(),
	delete: z.string().optional(),
	stdin: z.string().optional(),
	dir: z.string().optional(),
	environment: z.record(z.string(), z.string()).default({}),
	triggers: z.array(z.unknown()).optional(),
	interpreter: z.array(z.string()).default([]),
	logging: z.enum(["none", "stdout", "stderr", "stdoutAndStderr"]).default("stdoutAndStderr"),
	addPreviousOutputInEnv: z.boolean().default(true),
});
type Inputs = z.infer<typeof Inputs>;
const Outputs = z.object({ stdout: z.string().default(""), stderr: z.string().default("") });

const log = new EngineLog();

function failures({ type }: Resource, inputs: Properties): Failure[] {
	if (type !== "command:local:Command") return [{ property: "", reason: `${type} ${installOfficial}` }];
	const known = Object.entries(withoutSecrets(inputs)).filter(([, value]) => !containsUnknown(value));
	const issues = Inputs.safeParse(Object.fromEntries(known)).error?.issues ?? [];
	return issues.flatMap((issue) =>
		issue.code === "unrecognized_keys"
			? issue.keys.map((key) => ({ property: key, reason: `${key} ${installOfficial}` }))
			: [{ property: issue.path.join("."), reason: issue.message }],
	);
}

/** The state: the inputs as they are and, beside them, what the command printed. */
function stateOf(inputs: Properties, stdout: Value, stderr: Value): Properties {
	const mark = containsSecret(inputs) ? secret : (value: Value) => value;
	return { ...inputs, stdout: mark(stdout), stderr: mark(stderr) };
}

/** Runs the command that `choose` names; without one, what was printed before stays. */
async function runCommand(
	urn: string,
	properties: Properties,
	previous: z.infer<typeof Outputs>,
	choose: (inputs: Inputs) => string | undefined,
): Promise<z.infer<typeof Outputs>> {
	const inputs = Inputs.parse(withoutSecrets(properties));
	const command = choose(inputs);
	if (command === undefined) return previous;
	const { stdout, stderr } = previous;
	const onLine = (line: string) => log.status(urn, line);
	const logs = (stream: "stdout" | "stderr") => [stream, "stdoutAndStderr"].includes(inputs.logging);
	return run({
		...inputs,
		command,
		environment: {
			...inputs.environment,
			...(inputs.addPreviousOutputInEnv && stdout !== "" && { PULUMI_COMMAND_STDOUT: stdout }),
			...(inputs.addPreviousOutputInEnv && stderr !== "" && { PULUMI_COMMAND_STDERR: stderr }),
		},
		onLine: { ...(logs("stdout") && { stdout: onLine }), ...(logs("stderr") && { stderr: onLine }) },
	});
}

const provider: Provider = {
	version: sdk.version,
	checkConfig: () => [],
	diffConfig: () => ({ changes: [], replaces: [] }),
	configure: async () => {},

	check: async ({ inputs, ...resource }) => ({ inputs, failures: failures(resource, inputs) }),

	diff({ old, now }) {
		const all = changes(old, now);
		return { changes: all, replaces: all.filter((change) => touches(change, "triggers")) };
	},

	async create({ urn, name, inputs, preview }) {
		if (preview) return { id: "", state: stateOf(inputs, unknown, unknown) };
		const { stdout, stderr } = await runCommand(urn, inputs, Outputs.parse({}), ({ create }) => create);
		return { id: name + randomBytes(4).toString("hex"), state: stateOf(inputs, stdout, stderr) };
	},

	async update({ urn, state, inputs, preview }) {
		if (preview) return stateOf(inputs, unknown, unknown);
		const previous = Outputs.parse(withoutSecrets(state));
		const { stdout, stderr } = await runCommand(urn, inputs, previous, ({ create, update }) => update ?? create);
		return stateOf(inputs, stdout, stderr);
	},

	// There is nothing to look at: what a command made, only its author knows.
	read: async ({ state, inputs }) => ({ state, inputs }),

	async delete({ urn, state }) {
		const { stdout, stderr, ...inputs } = state;
		await runCommand(urn, inputs, Outputs.parse(withoutSecrets(state)), (inputs) => inputs.delete);
	},

	cancel: cancelAll,
};

void serveProvider(provider, log);

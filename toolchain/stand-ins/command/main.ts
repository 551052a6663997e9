/** Stand-in for the provider `command`: the resource command:local:Command, with the inputs that the lab uses. */
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

/** Progress is shown from stderr, and no command gets what the last one printed. */
const only = (value: string | boolean) => ({ error: `any value but ${JSON.stringify(value)} ${installOfficial}` });
const Inputs = z.strictObject({
	create: z.string(),
	update: z.string().optional(),
	delete: z.string().optional(),
	stdin: z.string().optional(),
	triggers: z.array(z.unknown()).optional(),
	logging: z.literal("stderr", only("stderr")),
	addPreviousOutputInEnv: z.literal(false, only(false)),
});
type Inputs = z.infer<typeof Inputs>;

const log = new EngineLog();

function failures({ type }: Resource, inputs: Properties): Failure[] {
	if (type !== "command:local:Command") return [{ property: "", reason: `${type} ${installOfficial}` }];
	// What only a later step will know is checked then.
	const open = Object.keys(inputs).filter((key) => containsUnknown(inputs[key] ?? null));
	const issues = Inputs.safeParse(withoutSecrets(inputs)).error?.issues ?? [];
	return issues
		.filter(({ path }) => !open.includes(String(path[0])))
		.flatMap((issue) =>
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

/** Runs the command that `choose` names, if it names one. */
async function runCommand(urn: string, properties: Properties, choose: (inputs: Inputs) => string | undefined) {
	const inputs = Inputs.parse(withoutSecrets(properties));
	const command = choose(inputs);
	if (command === undefined) return { stdout: "", stderr: "" };
	return run({ command, stdin: inputs.stdin, onLine: (line) => log.status(urn, line) });
}

const provider: Provider = {
	version: sdk.version,
	checkConfig: () => [],
	diffConfig: () => ({ changes: [], replaces: [] }),
	configure: async () => {},

	check: failures,

	diff({ old, now }) {
		const all = changes(old, now);
		return { changes: all, replaces: all.filter((change) => touches(change, "triggers")) };
	},

	async create({ urn, name, inputs, preview }) {
		if (preview) return { id: "", state: stateOf(inputs, unknown, unknown) };
		const { stdout, stderr } = await runCommand(urn, inputs, ({ create }) => create);
		return { id: name + randomBytes(4).toString("hex"), state: stateOf(inputs, stdout, stderr) };
	},

	async update({ urn, inputs, preview }) {
		if (preview) return stateOf(inputs, unknown, unknown);
		const { stdout, stderr } = await runCommand(urn, inputs, ({ create, update }) => update ?? create);
		return stateOf(inputs, stdout, stderr);
	},

	// There is nothing to look at: what a command made, only its author knows.
	read: async ({ state, inputs }) => ({ state, inputs }),

	async delete({ urn, state }) {
		const { stdout, stderr, ...inputs } = state;
		await runCommand(urn, inputs, (inputs) => inputs.delete);
	},

	cancel: cancelAll,
};

void serveProvider(provider, log);

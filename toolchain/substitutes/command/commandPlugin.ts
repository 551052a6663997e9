/** The built-in substitute for the provider `command`: command:local:Command with the inputs that the lab uses. */
import { randomBytes } from "node:crypto";
import sdk from "@pulumi/command/package.json" with { type: "json" };
import { changes, touches } from "../protocol/diff.ts";
import {
	containsSecret,
	type Properties,
	secret,
	unknown,
	type Value,
	withoutSecrets,
} from "../protocol/properties.ts";
import { type Provider, serveProvider } from "../protocol/provider.ts";
import { EngineLog } from "../protocol/serve.ts";
import { Inputs, unsupportedInputs } from "./commandInputs.ts";
import { cancelAll, run } from "./runCommand.ts";

const log = new EngineLog();

/** The inputs and the command's output. */
function stateOf(inputs: Properties, stdout: Value, stderr: Value): Properties {
	const mark = containsSecret(inputs) ? secret : (value: Value) => value;
	return { ...inputs, stdout: mark(stdout), stderr: mark(stderr) };
}

/** Runs the chosen command, if there is one. */
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

	check: ({ type }, inputs) => unsupportedInputs(type, inputs),

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

	// Nothing to read: only the command's author knows what it created.
	read: async ({ state, inputs }) => ({ state, inputs }),

	async delete({ urn, state }) {
		const { stdout, stderr, ...inputs } = state;
		await runCommand(urn, inputs, (inputs) => inputs.delete);
	},

	cancel: cancelAll,
};

void serveProvider(provider, log);

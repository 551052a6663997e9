import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import type { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Properties, secret, unknown } from "../../../../../toolchain/substitutes/protocol/properties.ts";
import { builtSubstitute, type Plugin, startPlugin, type Target } from "../plugin.ts";

const { Kind } = messages.PropertyDiff;

describe("the command provider", () => {
	const command = { type: "command:local:Command" };
	const executable = builtSubstitute("command");
	let plugin: Plugin;
	beforeAll(async () => {
		plugin = await startPlugin(executable());
	});
	afterAll(async () => expect(await plugin.stop()).toBe(0));

	it("reports the npm package's version", async () => {
		const { client, call } = plugin;
		const info = await call<empty.Empty, PluginInfo>(client.getPluginInfo, new empty.Empty());
		expect(executable()).toContain(`resource-command-v${info.getVersion()}/`);
	});

	const quietly = { logging: "stderr", addPreviousOutputInEnv: false };

	it.each<[string, Target, Properties, string[]]>([
		["another resource", { type: "command:remote:Command" }, {}, ["command:remote:Command is not supported"]],
		["archives", command, { create: "a", archivePaths: ["*"], ...quietly }, ["archivePaths is not supported"]],
		[
			"a folder, an environment and an interpreter",
			command,
			{ create: "a", dir: "/", environment: {}, interpreter: [], ...quietly },
			["dir is not supported", "environment is not supported", "interpreter is not supported"],
		],
		[
			"other logging, and the last output in the environment",
			command,
			{ create: "a" },
			['any value except "stderr" is not supported', "any value except false is not supported"],
		],
		["a number as command", command, { create: 1, ...quietly }, ["expected string"]],
		["no command", command, { ...quietly }, ["expected string"]],
	])("refuses %s", async (_, target, inputs, reasons) => {
		expect((await plugin.check(target, inputs)).reasons).toEqual(
			reasons.map((reason) => expect.stringContaining(reason)),
		);
	});

	it("accepts unknown values and secrets", async () => {
		const inputs = { create: unknown, stdin: secret("x"), triggers: [unknown], ...quietly };
		expect(await plugin.check(command, inputs)).toEqual({ inputs, reasons: [] });
	});

	it("runs nothing in a preview", async () => {
		const inputs = { create: "exit 1", ...quietly };
		const preview = await plugin.create(command, inputs, { preview: true });
		expect(preview).toEqual({ id: "", state: { ...inputs, stdout: unknown, stderr: unknown } });
	});

	it("records the inputs and the command's output", async () => {
		const inputs = { create: "cat; echo e >&2", stdin: "hi\n", ...quietly };
		const { id, state } = await plugin.create(command, inputs);
		expect(id).toMatch(/^res[0-9a-f]{8}$/);
		expect(state).toEqual({ ...inputs, stdout: "hi", stderr: "e" });
	});

	it("records the output as secret if an input is secret", async () => {
		const { state } = await plugin.create(command, { create: "cat", stdin: secret("s"), ...quietly });
		expect(state).toMatchObject({ stdin: secret("s"), stdout: secret("s"), stderr: secret("") });
	});

	it("runs create again on an update, unless there is an update command", async () => {
		const old = { create: "old", stdout: "before", stderr: "", ...quietly };
		const update = async (inputs: Properties) =>
			(await plugin.update(command, "res1", old, { ...inputs, ...quietly })).stdout;
		expect(await update({ create: "echo again" })).toBe("again");
		expect(await update({ create: "exit 1", update: "echo updated" })).toBe("updated");
	});

	it("fails with the command's output, and creates no resource", async () => {
		await expect(plugin.create(command, { create: "echo why; exit 4", ...quietly })).rejects.toMatchObject({
			code: grpc.status.UNKNOWN,
			details: 'exit status 4: running "echo why; exit 4":\nwhy\n',
		});
	});

	it("runs its delete command, if there is one", async () => {
		const folder = mkdtempSync(join(tmpdir(), "nodeport-lab-delete-"));
		const state = { create: "exit 1", stdin: `${folder}/out`, stdout: secret("last"), stderr: "", ...quietly };
		await plugin.remove(command, "res1", { ...state, delete: 'read -r file; echo deleted >"$file"' });
		expect(readFileSync(join(folder, "out"), "utf8")).toBe("deleted\n");
		await plugin.remove(command, "res1", state);
		rmSync(folder, { recursive: true });
	});

	it("replaces for another trigger, and otherwise updates", async () => {
		expect(await plugin.diff(command, { triggers: ["1"], create: "a" }, { triggers: ["2"], create: "b" })).toEqual({
			details: { "triggers[0]": Kind.UPDATE_REPLACE, create: Kind.UPDATE },
			replaces: ["triggers[0]"],
			deleteFirst: false,
		});
	});

	it("refuses other calls by name", async () => {
		const { client, call } = plugin;
		await expect(call(client.getSchema, new messages.GetSchemaRequest())).rejects.toMatchObject({
			code: grpc.status.UNIMPLEMENTED,
			details: expect.stringContaining("GetSchema is not supported by the built-in substitute for the plugin"),
		});
	});
});

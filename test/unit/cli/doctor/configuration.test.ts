import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { judgeConfiguration, readConfiguration } from "../../../../cli/doctor/configuration.ts";
import { readSettings, refuseSecrets, setting, settingsOf } from "../../../../cli/stack/settings.ts";
import { labConfigOf } from "../../../../config/labConfig.ts";
import { project } from "../../../../toolchain/layout.ts";
import { defaults } from "../../components/defaults.ts";
import { scratchFolder } from "../../fakePrograms.ts";

const file = `name: lab
config:
  workers: {type: integer, default: 3}
  namespace: {type: string, default: default}
`;

describe("the settings of a stack", () => {
	it("are the project's defaults, as text, if the stack sets none", () => {
		const defaults = { plain: { workers: "3", namespace: "default" }, secrets: [] };
		expect(settingsOf(file, "")).toEqual(defaults);
		expect(settingsOf(file, "encryptionsalt: v1:abc\n")).toEqual(defaults);
	});

	it("are the stack's own before the defaults, lists as JSON, without those of other namespaces", () => {
		const stack =
			"config:\n  lab:workers: 2\n  lab:echoNodes: [a, b]\n  namespace: here\n  kubernetes:context: other\n";
		expect(settingsOf(file, stack).plain).toEqual({ workers: "2", namespace: "here", echoNodes: '["a","b"]' });
	});
});

it("encrypted settings are separated from the others, and all refused together with the commands that fix it", () => {
	const text =
		"config:\n  lab:workers: {secure: v1:abc}\n  lab:echoNodes: [a, {secure: v1:def}]\n  other:token: {secure: v1:x}\n";
	const { plain, secrets } = settingsOf(file, text);
	expect(plain).toEqual({ namespace: "default" });
	expect(() => refuseSecrets(secrets)).toThrow(
		'fix: pulumi config set workers "$(pulumi config get workers)" --plaintext && ' +
			'pulumi config set echoNodes "$(pulumi config get echoNodes)" --plaintext',
	);
	expect(() => refuseSecrets([])).not.toThrow();
});

describe("a stack's configuration", () => {
	scratchFolder(async () => cp(join(project, "Pulumi.yaml"), "Pulumi.yaml"));

	const judged = async (stack: string, text?: string) => {
		if (text !== undefined) await writeFile("Pulumi.dev.yaml", text);
		return judgeConfiguration(await readConfiguration(stack));
	};

	it("is the project's defaults if there is no file", async () => {
		const configuration = await readConfiguration("organization/nodeport-lab/dev");
		expect(configuration).toEqual({ file: "Pulumi.dev.yaml", existing: false, config: labConfigOf(defaults) });
		expect(judgeConfiguration(configuration)).toMatchObject({ level: "ok" });
	});

	it("with a secret is an error, and still says which kind of cluster it is for", async () => {
		await writeFile(
			"Pulumi.dev.yaml",
			"config:\n  nodeport-lab:cluster: existing\n  nodeport-lab:kubeconfig: {secure: v1:abc}\n",
		);
		const configuration = await readConfiguration("dev");
		expect(configuration).toMatchObject({
			existing: true,
			error: expect.stringContaining("pulumi config set kubeconfig"),
		});
		const settings = await readSettings("dev");
		expect(setting(settings, "cluster")).toBe("existing");
		expect(() => setting(settings, "kubeconfig")).toThrow("stored as secrets");
	});

	it("with errors prints what the program itself prints", async () => {
		const settings = { nodePort: "80", colour: "red" };
		const own = () => labConfigOf({ ...defaults, ...settings });
		const finding = await judged("dev", "config:\n  nodeport-lab:nodePort: 80\n  nodeport-lab:colour: red\n");
		expect(finding).toMatchObject({ level: "stop", found: expect.stringMatching(/^Pulumi\.dev\.yaml: .*2 errors/) });
		expect(own).toThrow(finding.found.split("\n").slice(1, -1).join("\n"));
	});

	it.each([
		["that isn't YAML", "config: [", "Pulumi.dev.yaml"],
		["of another shape", "config: 7", "Pulumi.dev.yaml"],
	])("%s is an error", async (_, text, named) => {
		expect(await judged("dev", text)).toMatchObject({ level: "stop", found: expect.stringContaining(named) });
	});
});

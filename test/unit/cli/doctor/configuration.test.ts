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
	it("are the project's defaults where it sets none, as text", () => {
		const defaults = { plain: { workers: "3", namespace: "default" }, secrets: [] };
		expect(settingsOf(file, "")).toEqual(defaults);
		expect(settingsOf(file, "encryptionsalt: v1:abc\n")).toEqual(defaults);
	});

	it("are the stack's own before those, a list as JSON, and none of another namespace", () => {
		const stack =
			"config:\n  lab:workers: 2\n  lab:echoNodes: [a, b]\n  namespace: here\n  kubernetes:context: other\n";
		expect(settingsOf(file, stack).plain).toEqual({ workers: "2", namespace: "here", echoNodes: '["a","b"]' });
	});
});

it("settings that are encrypted are told from the others, and refused all at once, with the commands that mend it", () => {
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

	it("is the project's defaults where there is no file", async () => {
		const configuration = await readConfiguration("organization/nodeport-lab/dev");
		expect(configuration).toEqual({ file: "Pulumi.dev.yaml", existing: false, config: labConfigOf(defaults) });
		expect(judgeConfiguration(configuration)).toMatchObject({ level: "ok" });
	});

	it("with a secret stops, and is for the kind of cluster that it says all the same", async () => {
		await writeFile(
			"Pulumi.dev.yaml",
			"config:\n  nodeport-lab:cluster: existing\n  nodeport-lab:kubeconfig: {secure: v1:abc}\n",
		);
		const configuration = await readConfiguration("dev");
		expect(configuration).toMatchObject({
			existing: true,
			fault: expect.stringContaining("pulumi config set kubeconfig"),
		});
		const settings = await readSettings("dev");
		expect(setting(settings, "cluster")).toBe("existing");
		expect(() => setting(settings, "kubeconfig")).toThrow("stored as secrets");
	});

	it("with faults stops, in the words of the program itself", async () => {
		const settings = { nodePort: "80", colour: "red" };
		const own = () => labConfigOf({ ...defaults, ...settings });
		const finding = await judged("dev", "config:\n  nodeport-lab:nodePort: 80\n  nodeport-lab:colour: red\n");
		expect(finding).toMatchObject({ level: "stop", found: expect.stringMatching(/^Pulumi\.dev\.yaml: .*2 errors/) });
		expect(own).toThrow(finding.found.split("\n").slice(1, -1).join("\n"));
	});

	it.each([
		["that is no YAML", "config: [", "Pulumi.dev.yaml"],
		["of another shape", "config: 7", "Pulumi.dev.yaml"],
	])("%s stops", async (_, text, named) => {
		expect(await judged("dev", text)).toMatchObject({ level: "stop", found: expect.stringContaining(named) });
	});
});

import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { checkOutput, checkSchema, LabContract } from "../../../../components/lab/labContract.ts";
import { requireLab, schema } from "../../../../components/lab/labOutputs.ts";
import { Contract } from "../../../integration/support/contract.ts";
import { sampleOutputs } from "../../examples/sampleOutputs.ts";
import { type Properties, record, settled, stackOutputs } from "../recorder.ts";

/** A reference to a stack with these outputs. */
async function referenceTo(outputs: Properties, secrets = ["kubeconfig"]) {
	await record("other", stackOutputs(outputs, secrets));
	return new pulumi.StackReference(dev);
}

const dev = "organization/nodeport-lab/dev";

/** The error for a program that reads an output of a stack. */
function refusal(outputs: Properties, key: keyof LabContract, stack = dev): Error {
	try {
		checkSchema(stack, { names: Object.keys(outputs), schema: outputs.schema });
		return expect.unreachable(`it got ${JSON.stringify(checkOutput(stack, key, outputs[key]))}`);
	} catch (error) {
		return error as Error;
	}
}

const without = (key: keyof LabContract) => {
	const { [key]: _, ...rest } = sampleOutputs;
	return rest;
};

describe("an output of the lab", () => {
	it.each(Object.keys(LabContract.shape) as (keyof LabContract)[])("is read unchanged: %s", async (key) => {
		const lab = await referenceTo(sampleOutputs);
		expect(await settled(requireLab(lab, key))).toEqual(sampleOutputs[key]);
	});

	it("has its own type", async () => {
		const lab = await referenceTo(sampleOutputs);
		const service: pulumi.Output<{ nodePort: number; externalTrafficPolicy: "Cluster" | "Local" }> = requireLab(
			lab,
			"service",
		);
		const kubeconfig: pulumi.Output<string> = requireLab(lab, "kubeconfig");
		// @ts-expect-error not an output
		const _none: Parameters<typeof requireLab>[1] = "kubeConfig";
		expect(await settled(service.nodePort)).toBe(30040);
		expect(await settled(kubeconfig)).toBe("kind: Config\n");
	});

	it.each<[string, string[]]>([
		["if it is secret in the lab's stack", ["kubeconfig"]],
		["even if it isn't secret in the lab's stack", []],
	])("is secret for the kubeconfig, %s", async (_, secrets) => {
		const lab = await referenceTo(sampleOutputs, secrets);
		expect(await pulumi.isSecret(requireLab(lab, "kubeconfig"))).toBe(true);
	});

	it("isn't secret for the other outputs, although the stack has a secret", async () => {
		const lab = await referenceTo(sampleOutputs);
		for (const key of Object.keys(without("kubeconfig")) as (keyof LabContract)[])
			expect(await pulumi.isSecret(requireLab(lab, key)), key).toBe(false);
	});

	it("ignores fields that a later lab adds", async () => {
		const { service } = sampleOutputs;
		const lab = await referenceTo({ ...sampleOutputs, service: { ...service, added: "x" }, another: 1 });
		expect(await settled(requireLab(lab, "service"))).toEqual(service);
	});
});

describe("a stack is refused", () => {
	it.each<[string, Properties, string]>([
		[
			"without outputs: its lab was destroyed",
			{},
			`the stack "organization/nodeport-lab/dev" has no outputs: its lab isn't up (destroyed or never started); ` +
				"fix: npm start, in the lab's folder",
		],
		[
			"with a later contract",
			{ ...sampleOutputs, schema: "nodeport-lab/v2" },
			'schema: got "nodeport-lab/v2", allowed: "nodeport-lab/v1"; ' +
				"fix: use the same version of nodeport-lab in both programs, then npm start, in the lab's folder",
		],
		[
			"with an earlier contract",
			{ ...sampleOutputs, schema: "nodeport-lab/v0" },
			'schema: got "nodeport-lab/v0", allowed: ',
		],
		["that is older than the contract", without("schema"), 'schema: got nothing, allowed: "nodeport-lab/v1"; fix: '],
		["of another program", { url: "x" }, "schema: got nothing"],
		[
			"without this output",
			without("service"),
			"service: got nothing, allowed: an object; fix: npm start, in the lab's folder",
		],
		[
			"with an output of another type",
			{ ...sampleOutputs, service: { ...sampleOutputs.service, port: "x" } },
			'service.port: got "x", allowed: a number; fix: npm start',
		],
	])("%s", (_, outputs, message) => {
		const error = refusal(outputs, "service");
		expect(error.message).toContain(message);
		expect(error.message).toContain('the stack "organization/nodeport-lab/dev"');
		expect(pulumi.RunError.isInstance(error)).toBe(true);
		expect(error.stack).toBe("");
	});

	it("with the command that brings up this stack", () => {
		const { message } = refusal({}, "nodes", "organization/nodeport-lab/other");
		expect(message).toContain("fix: PULUMI_STACK=other npm start, in the lab's folder");
	});

	it("only for its kubeconfig if the lab runs on an existing cluster", async () => {
		const outputs = without("kubeconfig");
		expect(await settled(requireLab(await referenceTo(outputs, []), "nodePort"))).toBe(30040);
		expect(refusal(outputs, "kubeconfig").message).toMatch(
			/exports no kubeconfig, because it runs on an existing cluster; fix: pass the path of that cluster's kubeconfig/,
		);
	});

	it("without showing another value in the kubeconfig's place", () => {
		const { message } = refusal({ ...sampleOutputs, kubeconfig: { token: "abc" } }, "kubeconfig");
		expect(message).toContain("kubeconfig: got ");
		expect(message).not.toContain("abc");
	});
});

it("the contract equals the one that is written out for the tests", () => {
	const kubeconfig = "kind: Config\n";
	expect(Object.keys(LabContract.shape).sort()).toEqual(Object.keys(Contract.shape).sort());
	expect(Contract.parse({ ...sampleOutputs, kubeconfig })).toEqual(LabContract.parse({ ...sampleOutputs, kubeconfig }));
	expect(schema).toBe(Contract.shape.schema.value);
});

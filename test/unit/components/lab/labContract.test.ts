import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { checkOutput, checkSchema } from "../../../../components/lab/labContract.ts";
import { LabContract, requireLab, schema } from "../../../../components/lab/labOutputs.ts";
import { Contract } from "../../../integration/support/contract.ts";
import { sampleOutputs } from "../../examples/sampleOutputs.ts";
import { type Properties, record, settled, stackOutputs } from "../recorder.ts";

/** A reference to a stack with these outputs. */
async function referenceTo(outputs: Properties, secrets = ["kubeconfig"]) {
	await record("other", stackOutputs(outputs, secrets));
	return new pulumi.StackReference(dev);
}

const dev = "organization/nodeport-lab/dev";

/** What a program is told that reads an output of a stack. */
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
	it.each(Object.keys(LabContract.shape) as (keyof LabContract)[])("is read as it is: %s", async (key) => {
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
		// @ts-expect-error there is no such output
		const _none: Parameters<typeof requireLab>[1] = "kubeConfig";
		expect(await settled(service.nodePort)).toBe(30040);
		expect(await settled(kubeconfig)).toBe("kind: Config\n");
	});

	it.each<[string, string[]]>([
		["where the lab's stack marks it", ["kubeconfig"]],
		["even where the lab's stack does not mark it", []],
	])("is secret if it is the kubeconfig, %s", async (_, secrets) => {
		const lab = await referenceTo(sampleOutputs, secrets);
		expect(await pulumi.isSecret(requireLab(lab, "kubeconfig"))).toBe(true);
	});

	it("is no secret if it is another, though the stack has one", async () => {
		const lab = await referenceTo(sampleOutputs);
		for (const key of Object.keys(without("kubeconfig")) as (keyof LabContract)[])
			expect(await pulumi.isSecret(requireLab(lab, key)), key).toBe(false);
	});

	it("has no field that a later lab adds", async () => {
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
			'the stack "organization/nodeport-lab/dev" has no outputs: its lab is not up (destroyed, or not yet brought up); ' +
				"fix: npm start, in the lab's folder",
		],
		[
			"with a later contract",
			{ ...sampleOutputs, schema: "nodeport-lab/v2" },
			'schema: got "nodeport-lab/v2", allowed: "nodeport-lab/v1"; ' +
				"fix: use the same version of nodeport-lab here and there, then npm start, in the lab's folder",
		],
		["with an older one", { ...sampleOutputs, schema: "nodeport-lab/v0" }, 'schema: got "nodeport-lab/v0", allowed: '],
		["that is older than the contract", without("schema"), 'schema: got nothing, allowed: "nodeport-lab/v1"; fix: '],
		["that is no lab", { url: "x" }, "schema: got nothing"],
		[
			"without this output",
			without("service"),
			"service: got nothing, allowed: an object; fix: npm start, in the lab's folder",
		],
		[
			"with another thing in its place",
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

	it("with the command that brings up that very stack", () => {
		const { message } = refusal({}, "nodes", "organization/nodeport-lab/other");
		expect(message).toContain("fix: PULUMI_STACK=other npm start, in the lab's folder");
	});

	it("for its kubeconfig alone where the lab runs on an existing cluster", async () => {
		const outputs = without("kubeconfig");
		expect(await settled(requireLab(await referenceTo(outputs, []), "nodePort"))).toBe(30040);
		expect(refusal(outputs, "kubeconfig").message).toMatch(
			/exports no kubeconfig: it runs on an existing cluster, whose kubeconfig is its user's own; fix: give that one/,
		);
	});

	it("without showing what is in the kubeconfig's place", () => {
		const { message } = refusal({ ...sampleOutputs, kubeconfig: { token: "abc" } }, "kubeconfig");
		expect(message).toContain("kubeconfig: got ");
		expect(message).not.toContain("abc");
	});
});

it("the contract is the one that is written out for the tests", () => {
	const kubeconfig = "kind: Config\n";
	expect(Object.keys(LabContract.shape).sort()).toEqual(Object.keys(Contract.shape).sort());
	expect(Contract.parse({ ...sampleOutputs, kubeconfig })).toEqual(LabContract.parse({ ...sampleOutputs, kubeconfig }));
	expect(schema).toBe(Contract.shape.schema.value);
});

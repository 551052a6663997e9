import * as pulumi from "@pulumi/pulumi";
import type { Service } from "../../kubernetes/model.ts";
import type { EchoDeployment } from "../echoDeployment.ts";
import type { LabCluster } from "../labCluster.ts";
import type { Verification } from "../verification.ts";
import { checkOutput, checkSchema, type LabContract, type LabOutput, schema } from "./labContract.ts";

export { UserError } from "../../lib/userError.ts";
export { type LabContract, type LabOutput, schema } from "./labContract.ts";
export { labReference } from "./labReference.ts";

interface LabParts {
	cluster: LabCluster;
	service: pulumi.Output<Service>;
	echo: EchoDeployment;
	verification: Verification;
}

/** The contract's outputs. */
export function labOutputs({ cluster, service, echo, verification }: LabParts): {
	[K in keyof LabContract]: pulumi.Input<LabContract[K]>;
} {
	return {
		schema,
		clusterName: cluster.name,
		...(cluster.kubeconfig && { kubeconfig: cluster.kubeconfig }),
		nodes: cluster.nodes,
		nodeIps: cluster.nodes.apply((nodes) => Object.fromEntries(nodes.map((node) => [node.name, node.internalIp]))),
		nodePort: service.nodePort,
		service: service.apply(({ portName: _, sessionAffinity: __, ...service }) => service),
		echo: pulumi
			.all([echo.name, echo.image, verification.summary])
			.apply(([name, image, { pods }]) => ({ name, image, pods })),
		verification: verification.summary.apply(({ pods: _, ...summary }) => summary),
	};
}

/**
 * Reads one output of another stack's lab, with its type. It is secret if it is secret there; the kubeconfig always is.
 * @throws UserError (in the output) if the stack has no outputs, outputs of another contract, or not this output
 */
export function requireLab<K extends keyof LabContract>(
	lab: pulumi.StackReference,
	key: K,
): pulumi.Output<LabOutput<K>> {
	const value = pulumi
		.all([lab.name, ofThisContract(lab), lab.getOutput(key)])
		.apply(([stack, , value]) => checkOutput(stack, key, value));
	// The value contains no outputs, so there is nothing to unwrap.
	return (key === "kubeconfig" ? pulumi.secret(value) : value) as unknown as pulumi.Output<LabOutput<K>>;
}

const checks = new WeakMap<pulumi.StackReference, pulumi.Output<void>>();

/** Memoized: otherwise Pulumi reports the same error once per output. */
function ofThisContract(lab: pulumi.StackReference): pulumi.Output<void> {
	const known = checks.get(lab);
	if (known) return known;
	// The names aren't secret, although one of the values is.
	const names = pulumi.unsecret(lab.outputs.apply((outputs) => Object.keys(outputs)));
	const checked = pulumi
		.all([lab.name, names, lab.getOutput("schema")])
		.apply(([stack, names, schema]) => checkSchema(stack, { names, schema }));
	checks.set(lab, checked);
	return checked;
}

import * as pulumi from "@pulumi/pulumi";
import type { Service } from "../../kubernetes/model.ts";
import type { EchoDeployment } from "../echoDeployment.ts";
import type { LabCluster } from "../labCluster.ts";
import type { Verification } from "../verification.ts";
import { checkOutput, checkSchema, type LabContract, type LabOutput, schema } from "./labContract.ts";

export { UserError } from "../../lib/userError.ts";
export { LabContract, type LabOutput, schema } from "./labContract.ts";
export { labReference } from "./labReference.ts";

interface LabParts {
	cluster: LabCluster;
	service: pulumi.Output<Service>;
	echo: EchoDeployment;
	verification: Verification;
}

/** Makes the outputs of the contract from the lab's parts. */
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
 * One output of a lab that another stack made, of its own type; secret where it is so in the lab's stack, and the
 * kubeconfig always.
 * @throws UserError (in the output) where the stack has no outputs, those of another contract, or not this one
 */
export function requireLab<K extends keyof LabContract>(
	lab: pulumi.StackReference,
	key: K,
): pulumi.Output<LabOutput<K>> {
	const value = pulumi
		.all([lab.name, ofThisContract(lab), lab.getOutput(key)])
		.apply(([stack, , value]) => checkOutput(stack, key, value));
	// What was read is plain: its type has nothing to unwrap.
	return (key === "kubeconfig" ? pulumi.secret(value) : value) as unknown as pulumi.Output<LabOutput<K>>;
}

const asked = new WeakMap<pulumi.StackReference, pulumi.Output<void>>();

/** Asked once for a reference: of the same fault in each of its outputs Pulumi would tell as often. */
function ofThisContract(lab: pulumi.StackReference): pulumi.Output<void> {
	const known = asked.get(lab);
	if (known) return known;
	// The names are no secret, though one of the values is.
	const names = pulumi.unsecret(lab.outputs.apply((outputs) => Object.keys(outputs)));
	const checked = pulumi
		.all([lab.name, names, lab.getOutput("schema")])
		.apply(([stack, names, schema]) => checkSchema(stack, { names, schema }));
	asked.set(lab, checked);
	return checked;
}

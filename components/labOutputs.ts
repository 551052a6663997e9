import * as pulumi from "@pulumi/pulumi";
import type { Node, Pod, Service } from "../verification/model.ts";
import type { Summary } from "../verification/report/model.ts";
import type { EchoDeployment } from "./echoDeployment.ts";
import type { LabCluster } from "./labCluster.ts";
import type { Verification } from "./verification.ts";

/** The version of the contract below: a stack that reads another knows that it must not. */
export const schema = "nodeport-lab/v1";

/** What the stack exports and other stacks read by StackReference. */
export interface LabOutputs {
	schema: typeof schema;
	clusterName: string;
	/** Secret. Absent where the cluster is not the lab's own. */
	kubeconfig?: string;
	nodes: Node[];
	/** InternalIP by node name. */
	nodeIps: Record<string, string>;
	nodePort: number;
	service: Omit<Service, "portName" | "sessionAffinity">;
	/** The pods are those that the verification saw. */
	echo: { name: string; image: string; pods: Pod[] };
	verification: Omit<Summary, "pods">;
}

interface LabParts {
	cluster: LabCluster;
	service: pulumi.Output<Service>;
	echo: EchoDeployment;
	verification: Verification;
}

/** Makes the outputs of the contract from the lab's parts. */
export function labOutputs({ cluster, service, echo, verification }: LabParts): {
	[K in keyof LabOutputs]: pulumi.Input<LabOutputs[K]>;
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

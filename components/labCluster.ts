import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Runner } from "../kubernetes/clients.ts";
import type { Node } from "../kubernetes/model.ts";
import { toNode } from "../kubernetes/objects.ts";

/** What the lab needs of the cluster that it is in, whoever made it. */
export interface LabCluster {
	/** Names this very cluster: another one of the same name has another id. */
	readonly id: pulumi.Output<string>;
	/** The cluster's name. */
	readonly name: pulumi.Output<string>;
	/** Secret. Absent where the cluster is not the lab's own: its kubeconfig stays in its file. */
	readonly kubeconfig?: pulumi.Output<string>;
	/** Where the kubeconfig is; relative to the program, or absolute. */
	readonly kubeconfigPath: pulumi.Output<string>;
	/** Which of the kubeconfig's contexts; absent: its current one. */
	readonly context?: pulumi.Output<string>;
	/** Control plane first; read from the API server at every update. */
	readonly nodes: pulumi.Output<Node[]>;
	/** How to run a program on each node itself, by the node's name; empty where the lab has no way to. */
	readonly nodeRunners: pulumi.Output<Record<string, Runner>>;
	/** Resource options for components inside the cluster. */
	readonly inside: pulumi.ComponentResourceOptions;
}

/** A Node as the lab's outputs show it. */
export const clusterNode = (node: k8s.core.v1.Node): pulumi.Output<Node> =>
	pulumi
		.all([node.metadata, node.spec, node.status])
		.apply(([metadata, spec, status]) => toNode({ metadata, spec, status }));

import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Runner } from "../kubernetes/clients.ts";
import type { Node } from "../kubernetes/model.ts";
import { toNode } from "../kubernetes/objects.ts";

/** A cluster that the lab can deploy to: KindCluster or ExistingCluster. */
export interface LabCluster {
	/** Identifies the cluster: a recreated cluster of the same name has another id. */
	readonly id: pulumi.Output<string>;
	/** The cluster's name. */
	readonly name: pulumi.Output<string>;
	/** The kubeconfig, secret. Absent for an existing cluster: its kubeconfig stays in its file. */
	readonly kubeconfig?: pulumi.Output<string>;
	/** The path of the kubeconfig, absolute or relative to the program. */
	readonly kubeconfigPath: pulumi.Output<string>;
	/** A context of the kubeconfig; absent: its current one. */
	readonly context?: pulumi.Output<string>;
	/** Control plane first; read from the API server on every update. */
	readonly nodes: pulumi.Output<Node[]>;
	/** How to run a program on each node, by node name; empty if that isn't possible. */
	readonly nodeRunners: pulumi.Output<Record<string, Runner>>;
	/** Resource options for components inside the cluster. */
	readonly inside: pulumi.ComponentResourceOptions;
}

/** A Node in the shape of the lab's outputs. */
export const clusterNode = (node: k8s.core.v1.Node): pulumi.Output<Node> =>
	pulumi
		.all([node.metadata, node.spec, node.status])
		.apply(([metadata, spec, status]) => toNode({ metadata, spec, status }));

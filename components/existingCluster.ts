import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Runner } from "../kubernetes/clients.ts";
import type { Node } from "../kubernetes/model.ts";
import { clusterNode, type LabCluster } from "./labCluster.ts";

export interface ExistingClusterArgs {
	/** The cluster's name, as in the kubeconfig. */
	name: string;
	/** Identifies the cluster, such as the uid of its namespace kube-system. If it changes, everything inside is recreated. */
	id: string;
	/** The path of the kubeconfig. Its text would be stored in the state. */
	kubeconfig: string;
	/** A context of the kubeconfig. The current one may change at any time. */
	context: string;
	/** Names of the nodes to read, which must exist. */
	nodes: string[];
}

/** A cluster that already exists. The component only reads it; `inside` deploys to it. */
export class ExistingCluster extends pulumi.ComponentResource implements LabCluster {
	/** The cluster's id, as in the args. */
	public readonly id: pulumi.Output<string>;
	/** The cluster's name, as in the args. */
	public readonly name: pulumi.Output<string>;
	/** The path of the kubeconfig, as in the args. */
	public readonly kubeconfigPath: pulumi.Output<string>;
	/** The kubeconfig's context, as in the args. */
	public readonly context: pulumi.Output<string>;
	/** The named nodes, in that order; read from the API server on every update. */
	public readonly nodes: pulumi.Output<Node[]>;
	/** Empty: no program runs on the nodes themselves. */
	public readonly nodeRunners: pulumi.Output<Record<string, Runner>>;
	/** Resource options for components inside the cluster: its Kubernetes provider. */
	public readonly inside: pulumi.ComponentResourceOptions;

	constructor(name: string, args: ExistingClusterArgs, opts?: pulumi.ComponentResourceOptions) {
		super("nodeport-lab:index:ExistingCluster", name, args, opts);
		this.id = pulumi.output(args.id);
		this.name = pulumi.output(args.name);
		this.kubeconfigPath = pulumi.output(args.kubeconfig);
		this.context = pulumi.output(args.context);
		this.nodeRunners = pulumi.output<Record<string, Runner>>({});
		const { kubeconfig, context, id } = args;
		// Without deleteUnreachable: a cluster that can't be reached may still exist.
		const provider = new k8s.Provider(
			`${name}-kubernetes`,
			{ kubeconfig, context, clusterIdentifier: id },
			{ parent: this },
		);
		this.inside = { providers: [provider] };
		this.nodes = pulumi.all(
			args.nodes.map((node) => clusterNode(k8s.core.v1.Node.get(`${name}-${node}`, node, { parent: this, provider }))),
		);
		this.registerOutputs({
			id: this.id,
			name: this.name,
			kubeconfigPath: this.kubeconfigPath,
			context: this.context,
			nodes: this.nodes,
			nodeRunners: this.nodeRunners,
		});
	}
}

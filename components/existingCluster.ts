import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Runner } from "../kubernetes/clients.ts";
import type { Node } from "../kubernetes/model.ts";
import { clusterNode, type LabCluster } from "./labCluster.ts";

export interface ExistingClusterArgs {
	/** What the kubeconfig's context calls it. */
	name: string;
	/** Names this very cluster, such as the uid of its namespace kube-system: with another one, all is made anew there. */
	id: string;
	/** The path of the kubeconfig: never its text, which would be in the state. */
	kubeconfig: string;
	/** Which of its contexts: the current one may be another tomorrow. */
	context: string;
	/** Names of the nodes that the lab looks at; they must exist. */
	nodes: string[];
}

/** A cluster that is there already, whoever made it. It is only read; what is put in it hangs on `inside`. */
export class ExistingCluster extends pulumi.ComponentResource implements LabCluster {
	/** Names this very cluster. */
	public readonly id: pulumi.Output<string>;
	/** What the kubeconfig's context calls it. */
	public readonly name: pulumi.Output<string>;
	/** As it was given. */
	public readonly kubeconfigPath: pulumi.Output<string>;
	/** As it was given. */
	public readonly context: pulumi.Output<string>;
	/** Those that were named; read from the API server at every update. */
	public readonly nodes: pulumi.Output<Node[]>;
	/** None: the nodes are somebody else's. */
	public readonly nodeRunners: pulumi.Output<Record<string, Runner>>;
	/** Resource options for components inside the cluster: its provider. */
	public readonly inside: pulumi.ComponentResourceOptions;

	constructor(name: string, args: ExistingClusterArgs, opts?: pulumi.ComponentResourceOptions) {
		super("nodeport-lab:index:ExistingCluster", name, args, opts);
		this.id = pulumi.output(args.id);
		this.name = pulumi.output(args.name);
		this.kubeconfigPath = pulumi.output(args.kubeconfig);
		this.context = pulumi.output(args.context);
		this.nodeRunners = pulumi.output<Record<string, Runner>>({});
		const { kubeconfig, context, id } = args;
		// Where it cannot be reached it is not taken for gone: somebody else's cluster may only be away.
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

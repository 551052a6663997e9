import * as command from "@pulumi/command";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type KubeProxyMode, nodeNames } from "../config/clusterShape.ts";
import { execIn } from "../kind/docker.ts";
import { plannedCluster } from "../kind/kind.ts";
import { accessId, kubeconfigPath } from "../kind/kubeconfigFile.ts";
import { ownerOf } from "../kind/owner.ts";
import type { Runner } from "../kubernetes/clients.ts";
import type { Node } from "../kubernetes/model.ts";
import { programCommand, quietly } from "../lib/programCommand.ts";
import { orRefuse } from "../lib/userError.ts";
import { clusterNode, type LabCluster } from "./labCluster.ts";

export interface KindClusterArgs {
	/** The kind cluster's name; nodes are named after it. */
	name: string;
	/** How many workers beside the one control plane; 1 to 50. */
	workers: number;
	/** The node image, a tag of the Docker engine or of a registry. */
	nodeImage: pulumi.Input<string>;
	/** How kube-proxy programs the kernel. @default "iptables" */
	kubeProxyMode?: pulumi.Input<KubeProxyMode>;
	/**
	 * Publishes a nodePort of the control plane on 127.0.0.1 of this machine.
	 * @default none: a container's ports cannot be changed later
	 */
	publish?: pulumi.Input<{ hostPort: number; nodePort: number }>;
}

/**
 * A kind cluster that heals: a plain update makes it anew where it is gone, half made or of another shape, starts nodes
 * that are stopped, and restores a lost kubeconfig. Whatever is in the cluster follows, as it hangs on `id`.
 * The component's own name says whose the cluster is: two in one stack need two names.
 */
export class KindCluster extends pulumi.ComponentResource implements LabCluster {
	/** Names this very cluster: another one of the same name has another id. */
	public readonly id: pulumi.Output<string>;
	/** The kind cluster's name, once its nodes run; a new cluster is then not yet to be reached by `kubeconfig`. */
	public readonly name: pulumi.Output<string>;
	/** Secret. Also in `kubeconfigPath`, with mode 0600. */
	public readonly kubeconfig: pulumi.Output<string>;
	/** Relative to the program. */
	public readonly kubeconfigPath: pulumi.Output<string>;
	/** Control plane first, then the workers in kind's order; read from the API server at every update. */
	public readonly nodes: pulumi.Output<Node[]>;
	/** How to run a program on each node itself, by the node's name. */
	public readonly nodeRunners: pulumi.Output<Record<string, Runner>>;
	/** Resource options for components inside the cluster: its provider, and that they are gone when it is. */
	public readonly inside: pulumi.ComponentResourceOptions;

	constructor(name: string, args: KindClusterArgs, opts?: pulumi.ComponentResourceOptions) {
		super("nodeport-lab:index:KindCluster", name, args, opts);
		const { cluster, access, isNew } = this.commands(name, args);
		this.id = cluster.stdout;
		// The path is no secret, but of use only when the file is there: it waits for the access.
		this.kubeconfigPath = pulumi.unsecret(access.stdout.apply(() => kubeconfigPath(args.name)));
		// A new cluster's nodes run. Those of another may be stopped or just starting: that is the access's work.
		const running = isNew.apply((isNew) => (isNew ? cluster.stdout : access.stdout));
		this.name = pulumi.unsecret(running.apply(() => args.name));
		this.kubeconfig = pulumi.secret(access.stdout);
		const names = nodeNames(args.name, args.workers);
		this.nodeRunners = this.id.apply(() => Object.fromEntries(names.map((node) => [node, { spawn: execIn(node) }])));

		const provider = new k8s.Provider(
			`${name}-kubernetes`,
			// The id alone decides whether what is inside must be made anew: a changed address or port must not.
			{ kubeconfig: this.kubeconfig, clusterIdentifier: this.id, deleteUnreachable: true },
			{ parent: this },
		);
		this.inside = { providers: [provider], deletedWith: cluster };
		this.nodes = pulumi.all(
			names.map((node) => clusterNode(k8s.core.v1.Node.get(`${name}-${node}`, node, { parent: this, provider }))),
		);
		this.registerOutputs({
			id: this.id,
			name: this.name,
			kubeconfig: this.kubeconfig,
			kubeconfigPath: this.kubeconfigPath,
			nodes: this.nodes,
			nodeRunners: this.nodeRunners,
		});
	}

	private commands(name: string, args: KindClusterArgs) {
		const spec = pulumi
			.output({ kubeProxyMode: "iptables" as const, ...args })
			.apply(({ publish, ...spec }) => ({ ...spec, ...(publish && { publish }) }));
		const owner = ownerOf(pulumi.getStack(), name);
		const planned = pulumi.all([spec, owner]).apply(([spec, owner]) => orRefuse(plannedCluster(spec, owner)));
		planned.apply(({ loss }) => loss && pulumi.log.warn(loss, this));
		const cluster = new command.local.Command(
			`${name}-cluster`,
			{
				create: programCommand("kind/kindProgram.ts", "create"),
				// Another id is another cluster, which is made in the place of the old one. Not as a replacement: that
				// would delete what is inside first, one by one, and engine 3.259 has by then closed the provider
				// (Registry.Diff unloads it, also when it only asks what a replacement would touch).
				update: programCommand("kind/kindProgram.ts", "update"),
				delete: programCommand("kind/kindProgram.ts", "delete"),
				stdin: pulumi.jsonStringify({ id: planned.id, spec }),
				...quietly,
			},
			{ parent: this, deleteBeforeReplace: true, customTimeouts: { create: "20m", update: "20m", delete: "5m" } },
		);
		const access = orRefuse(accessId(args.name));
		const opened = new command.local.Command(
			`${name}-access`,
			{
				// There is no command to delete it: the cluster's removes the kubeconfig too.
				create: programCommand("kind/kindProgram.ts", "open-access"),
				update: programCommand("kind/kindProgram.ts", "open-access"),
				stdin: pulumi.jsonStringify({ name: args.name, access, cluster: cluster.stdout }),
				...quietly,
			},
			{ parent: this, deleteBeforeReplace: true, additionalSecretOutputs: ["stdout"] },
		);
		return { cluster, access: opened, isNew: planned.isNew };
	}
}

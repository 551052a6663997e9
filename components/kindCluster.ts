import * as command from "@pulumi/command";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type KubeProxyMode, nodeNames } from "../config/clusterShape.ts";
import { kubeconfigId } from "../kind/connection.ts";
import { execIn } from "../kind/docker.ts";
import { plannedCluster } from "../kind/kind.ts";
import { kubeconfigPath } from "../kind/kubeconfigFile.ts";
import { ownerOf } from "../kind/owner.ts";
import type { Runner } from "../kubernetes/clients.ts";
import type { Node } from "../kubernetes/model.ts";
import { programCommand, quietly } from "../lib/programs/programCommand.ts";
import { orRefuse } from "../lib/userError.ts";
import { clusterNode, type LabCluster } from "./labCluster.ts";

export interface KindClusterArgs {
	/** The kind cluster's name, and the prefix of its node names. */
	name: string;
	/** The number of workers next to the one control plane, 1 to 50. */
	workers: number;
	/** The node image: a tag in the Docker engine or in a registry. */
	nodeImage: pulumi.Input<string>;
	/** How kube-proxy programs the kernel. @default "iptables" */
	kubeProxyMode?: pulumi.Input<KubeProxyMode>;
	/**
	 * Publishes a nodePort of the control plane on 127.0.0.1 of the Docker host. A change replaces the cluster.
	 * @default none
	 */
	publish?: pulumi.Input<{ hostPort: number; nodePort: number }>;
}

/**
 * A kind cluster that repairs itself: an update recreates it if it is gone, incomplete or of another shape, starts stopped
 * nodes, and restores a lost kubeconfig. Resources inside depend on `id` and are recreated with it.
 * The component's name is part of the cluster's owner mark: two clusters in one stack need two names.
 */
export class KindCluster extends pulumi.ComponentResource implements LabCluster {
	/** Identifies the cluster: a recreated cluster of the same name has another id. */
	public readonly id: pulumi.Output<string>;
	/** The kind cluster's name; available once its nodes run, for a new cluster before `kubeconfig` is. */
	public readonly name: pulumi.Output<string>;
	/** The administrator's kubeconfig, secret. Also in the file `kubeconfigPath`, mode 0600. */
	public readonly kubeconfig: pulumi.Output<string>;
	/** The path of the kubeconfig, relative to the program. */
	public readonly kubeconfigPath: pulumi.Output<string>;
	/** Control plane first, then the workers in kind's order; read from the API server on every update. */
	public readonly nodes: pulumi.Output<Node[]>;
	/** How to run a program on each node, by node name. */
	public readonly nodeRunners: pulumi.Output<Record<string, Runner>>;
	/** Resource options for components inside the cluster: its Kubernetes provider, and deletion with the cluster. */
	public readonly inside: pulumi.ComponentResourceOptions;

	constructor(name: string, args: KindClusterArgs, opts?: pulumi.ComponentResourceOptions) {
		super("nodeport-lab:index:KindCluster", name, args, opts);
		const { cluster, access, isNew } = this.commands(name, args);
		this.id = cluster.stdout;
		// Not secret, but it waits for the file.
		this.kubeconfigPath = pulumi.unsecret(access.stdout.apply(() => kubeconfigPath(args.name)));
		// A new cluster's nodes run. Those of an old one may be stopped: the access command starts them.
		const running = isNew.apply((isNew) => (isNew ? cluster.stdout : access.stdout));
		this.name = pulumi.unsecret(running.apply(() => args.name));
		this.kubeconfig = pulumi.secret(access.stdout);
		const names = nodeNames(args.name, args.workers);
		this.nodeRunners = this.id.apply(() => Object.fromEntries(names.map((node) => [node, { spawn: execIn(node) }])));

		const provider = new k8s.Provider(
			`${name}-kubernetes`,
			// Only another id recreates what is inside, not another address or port.
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
				// Another id is another cluster, created in place of the old one. A replacement would first delete what
				// is inside, one by one, and engine 3.259 has closed the provider by then (Registry.Diff unloads it).
				update: programCommand("kind/kindProgram.ts", "update"),
				delete: programCommand("kind/kindProgram.ts", "delete"),
				stdin: pulumi.jsonStringify({ id: planned.id, spec }),
				...quietly,
			},
			{ parent: this, deleteBeforeReplace: true, customTimeouts: { create: "20m", update: "20m", delete: "5m" } },
		);
		const access = orRefuse(kubeconfigId(args.name));
		const opened = new command.local.Command(
			`${name}-access`,
			{
				// No delete command: the cluster's delete command also removes the kubeconfig.
				create: programCommand("kind/kindProgram.ts", "connect"),
				update: programCommand("kind/kindProgram.ts", "connect"),
				stdin: pulumi.jsonStringify({ name: args.name, access, cluster: cluster.stdout }),
				...quietly,
			},
			{ parent: this, deleteBeforeReplace: true, additionalSecretOutputs: ["stdout"] },
		);
		return { cluster, access: opened, isNew: planned.isNew };
	}
}

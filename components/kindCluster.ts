import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { execIn, kindNetwork } from "../kind/docker.ts";
import { kubeconfigPath } from "../kind/kubeconfigFile.ts";
import { credentialsIn, internalKubeconfig } from "../kind/kubeconfigText.ts";
import { graphOf, parseSettings } from "../kind/spec/clusterSettings.ts";
import type { Runner } from "../kubernetes/clients.ts";
import type { Node } from "../kubernetes/model.ts";
import { ClusterImage } from "./clusterImage.ts";
import { clusterCommands, nodeCommand, registryCommand } from "./kind/clusterCommands.ts";
import type { KindClusterArgs } from "./kind/kindClusterArgs.ts";
import { clusterNode, type LabCluster } from "./labCluster.ts";

export type { KindClusterArgs } from "./kind/kindClusterArgs.ts";

/**
 * A kind cluster that repairs itself: an update recreates it if it is missing, incomplete or has other settings, starts
 * stopped nodes, and restores a lost kubeconfig. Resources inside depend on `id` and are recreated with it.
 * The component's name is part of the cluster's owner mark: two clusters in one stack need different names.
 */
export class KindCluster extends pulumi.ComponentResource implements LabCluster {
	/** Identifies the cluster: a recreated cluster of the same name has another id. */
	public readonly id: pulumi.Output<string>;
	/** The kind cluster's name; available once its nodes run, for a new cluster before `kubeconfig` is. */
	public readonly name: pulumi.Output<string>;
	/** The administrator's kubeconfig, secret. Also in the file `kubeconfigPath`, mode 0600. */
	public readonly kubeconfig: pulumi.Output<string>;
	/** The same for containers on kind's network, secret. */
	public readonly internalKubeconfig: pulumi.Output<string>;
	/** The path of the kubeconfig, relative to the program. */
	public readonly kubeconfigPath: pulumi.Output<string>;
	/** The API server's address, for the Docker host. */
	public readonly endpoint: pulumi.Output<string>;
	/** The certificate of the cluster's authority, in PEM. */
	public readonly clusterCaCertificate: pulumi.Output<string>;
	/** The administrator's certificate, in PEM, secret. */
	public readonly clientCertificate: pulumi.Output<string>;
	/** The administrator's private key, in PEM, secret. */
	public readonly clientKey: pulumi.Output<string>;
	/** The Docker network of the nodes. */
	public readonly network: pulumi.Output<string>;
	/** Where to push images for `registry`, such as localhost:5001; absent without one. */
	public readonly registry?: pulumi.Output<string>;
	/** Control planes first, then the workers in kind's order; read from the API server on every update. */
	public readonly nodes: pulumi.Output<Node[]>;
	/** How to run a program on each node, by node name. */
	public readonly nodeRunners: pulumi.Output<Record<string, Runner>>;
	/** The cluster's Kubernetes provider. It is ready once labels, taints, images and the registry are. */
	public readonly provider: k8s.Provider;
	/** Resource options for components inside the cluster: its Kubernetes provider, and deletion with the cluster. */
	public readonly inside: pulumi.ComponentResourceOptions;

	constructor(name: string, args: KindClusterArgs = {}, opts?: pulumi.ComponentResourceOptions) {
		super("nodeport-lab:index:KindCluster", name, args, opts);
		const clusterName = args.name ?? name;
		const given = { ...args, name: clusterName };
		if (isPlain(given)) parseSettings(name, given); // Otherwise once the outputs among them are known.
		const settings = pulumi.output(given).apply((given) => parseSettings(name, given));
		const { names, internalHost, hasNodeSettings } = graphOf(clusterName, args);
		const own = { name, clusterName, settings, parent: this };
		const { cluster, access, isNew } = clusterCommands(own);
		this.id = cluster.stdout;
		// Not secret, but it waits for the file.
		this.kubeconfigPath = pulumi.unsecret(access.stdout.apply(() => kubeconfigPath(clusterName)));
		// A new cluster's nodes run. Those of an old one may be stopped: the access command starts them.
		const running = isNew.apply((isNew) => (isNew ? cluster.stdout : access.stdout));
		this.name = pulumi.unsecret(running.apply(() => clusterName));
		this.network = this.id.apply(() => kindNetwork);
		this.kubeconfig = pulumi.secret(access.stdout);
		this.internalKubeconfig = this.kubeconfig.apply((text) => internalKubeconfig(text, internalHost));
		const credentials = this.kubeconfig.apply(credentialsIn);
		this.endpoint = pulumi.unsecret(credentials.endpoint);
		this.clusterCaCertificate = pulumi.unsecret(credentials.clusterCaCertificate);
		this.clientCertificate = credentials.clientCertificate;
		this.clientKey = credentials.clientKey;
		this.nodeRunners = this.id.apply(() => Object.fromEntries(names.map((node) => [node, { spawn: execIn(node) }])));

		const living = { ...own, cluster, access };
		const nodeSettings = hasNodeSettings ? [nodeCommand(living)] : [];
		const registry = args.registry === undefined ? [] : [registryCommand(living)];
		if (registry[0]) this.registry = registry[0].stdout;
		const images = imagesOf(name, args, this);
		const provider = new k8s.Provider(
			`${name}-kubernetes`,
			// Only another id recreates what is inside, not another address or port.
			{ kubeconfig: this.kubeconfig, clusterIdentifier: this.id, deleteUnreachable: true },
			{ parent: this, dependsOn: [...nodeSettings, ...registry, ...images] },
		);
		this.provider = provider;
		this.inside = { providers: [provider], deletedWith: cluster };
		this.nodes = pulumi.all(
			names.map((node) => clusterNode(k8s.core.v1.Node.get(`${name}-${node}`, node, { parent: this, provider }))),
		);
		this.registerOutputs({
			id: this.id,
			name: this.name,
			kubeconfig: this.kubeconfig,
			internalKubeconfig: this.internalKubeconfig,
			kubeconfigPath: this.kubeconfigPath,
			endpoint: this.endpoint,
			clusterCaCertificate: this.clusterCaCertificate,
			clientCertificate: this.clientCertificate,
			clientKey: this.clientKey,
			network: this.network,
			...(this.registry && { registry: this.registry }),
			nodes: this.nodes,
			nodeRunners: this.nodeRunners,
		});
	}
}

function imagesOf(
	name: string,
	{ images = [], imageArchives = [] }: KindClusterArgs,
	cluster: KindCluster,
): ClusterImage[] {
	const load = (what: string, source: { image: string } | { archive: string }) =>
		new ClusterImage(`${name}-${what.replace(/[^\w.]+/g, "-")}`, { cluster, ...source }, { parent: cluster });
	return [
		...images.map((image) => load(image, { image })),
		...imageArchives.map((archive) => load(archive, { archive })),
	];
}

/** Whether a value contains neither outputs nor promises. */
const isPlain = (value: unknown): boolean =>
	!pulumi.Output.isInstance(value) &&
	!(value instanceof Promise) &&
	(typeof value !== "object" || value === null || Object.values(value).every(isPlain));

import type * as pulumi from "@pulumi/pulumi";
import type { KindNetworkingArgs, KindRegistryArgs } from "./kindNetworkArgs.ts";

/** What can't change in place recreates the cluster; the preview names the fields. */
export interface KindClusterArgs {
	/** The kind cluster's name, and the prefix of its node names. A change recreates the cluster. @default the component's name */
	name?: string;
	/** The nodes, in kind's order. A new or a removed node recreates the cluster. @default one control plane, and `workers` */
	nodes?: KindNodeArgs[];
	/** The number of workers next to one control plane, 0 to 50; instead of `nodes`. A change recreates the cluster. @default 0 */
	workers?: number;
	/**
	 * The node image: a tag in the Docker engine or in a registry. A change recreates the cluster.
	 * @default an existing cluster's own, else nodeport-lab/node:1.36 if the lab's set-up has built it, else kind's, by digest
	 */
	nodeImage?: pulumi.Input<string>;
	/**
	 * Publishes a nodePort of the first control plane on 127.0.0.1 of the Docker host, for TCP if there are no protocols. A change
	 * recreates the cluster.
	 * @default none
	 */
	publish?: pulumi.Input<{ hostPort: number; nodePort: number; protocols?: ("TCP" | "UDP")[] }>;
	/** Cluster-wide network settings. A change recreates the cluster. @default kind's */
	networking?: pulumi.Input<KindNetworkingArgs>;
	/** Kubernetes feature gates, for all components. A change recreates the cluster. @default Kubernetes' own */
	featureGates?: pulumi.Input<Record<string, pulumi.Input<boolean>>>;
	/** The API server's --runtime-config, such as `{ "api/alpha": "true" }`. A change recreates the cluster. @default none */
	runtimeConfig?: pulumi.Input<Record<string, pulumi.Input<string>>>;
	/** Merge patches, as YAML, of every node's kubeadm configuration. A change recreates the cluster. @default none */
	kubeadmConfigPatches?: pulumi.Input<pulumi.Input<string>[]>;
	/** JSON 6902 patches of every node's kubeadm configuration. A change recreates the cluster. @default none */
	kubeadmConfigPatchesJSON6902?: pulumi.Input<pulumi.Input<KindPatchJSON6902Args>[]>;
	/** Merge patches, as TOML, of every node's containerd configuration. A change recreates the cluster. @default none */
	containerdConfigPatches?: pulumi.Input<pulumi.Input<string>[]>;
	/** JSON 6902 patches, as JSON, of every node's containerd configuration. A change recreates the cluster. @default none */
	containerdConfigPatchesJSON6902?: pulumi.Input<pulumi.Input<string>[]>;
	/** A local registry, in a container next to the nodes. Changes in place. @default none */
	registry?: KindRegistryArgs;
	/** Images of the Docker engine to load on every node; ClusterImage chooses the nodes. Changes in place. @default none */
	images?: string[];
	/** Paths of image archives, as `docker save` writes them, to load on every node. Changes in place. @default none */
	imageArchives?: string[];
	/** Keeps the nodes for inspection if the creation fails; the next update replaces them. @default false */
	retain?: pulumi.Input<boolean>;
	/**
	 * How many seconds to wait until all nodes are Ready; 0 doesn't wait for that.
	 * @default 180 or 4 times as long as the creation took; 0 with networking.disableDefaultCNI
	 */
	waitForReady?: pulumi.Input<number>;
	/**
	 * Takes over a kind cluster of this name that another program created, if its nodes have the names and images that these
	 * arguments give them; nothing else is compared. From then on it is this stack's, and `pulumi destroy` deletes it.
	 * @default false: such a cluster is an error
	 */
	adopt?: pulumi.Input<boolean>;
	/**
	 * kind's own configuration (kind.x-k8s.io/v1alpha4), as YAML or as an object, for fields without an argument here. The
	 * arguments for nodes, networking, patches and feature gates aren't allowed next to it. kind checks it when it creates the
	 * cluster. A change recreates the cluster, except for labels.
	 * @default made from the other arguments
	 */
	kindConfig?: string | Record<string, unknown>;
}

export interface KindNodeArgs {
	/** control-plane or worker. In front of several control planes kind starts a load balancer. @default "control-plane" */
	role?: "control-plane" | "worker";
	/** The node's image. A change recreates the cluster. @default nodeImage */
	image?: pulumi.Input<string>;
	/** Labels of the Node, of any key; labels that are set elsewhere stay. Change in place. @default none */
	labels?: pulumi.Input<Record<string, pulumi.Input<string>>>;
	/** Taints of the Node; taints that are set elsewhere stay. Change in place. @default none */
	taints?: pulumi.Input<pulumi.Input<KindTaintArgs>[]>;
	/** Paths of the Docker host that are mounted into the node. A change recreates the cluster. @default none */
	extraMounts?: pulumi.Input<pulumi.Input<KindMountArgs>[]>;
	/** Ports of the node that the Docker host publishes. A change recreates the cluster. @default none */
	extraPortMappings?: pulumi.Input<pulumi.Input<KindPortMappingArgs>[]>;
	/** Merge patches, as YAML, of the node's kubeadm configuration. A change recreates the cluster. @default none */
	kubeadmConfigPatches?: pulumi.Input<pulumi.Input<string>[]>;
	/** JSON 6902 patches of the node's kubeadm configuration. A change recreates the cluster. @default none */
	kubeadmConfigPatchesJSON6902?: pulumi.Input<pulumi.Input<KindPatchJSON6902Args>[]>;
}

export interface KindTaintArgs {
	/** The taint's key. */
	key: pulumi.Input<string>;
	/** The taint's value. @default none */
	value?: pulumi.Input<string>;
	/** What happens to pods without a toleration: NoSchedule, PreferNoSchedule or NoExecute. */
	effect: pulumi.Input<"NoSchedule" | "PreferNoSchedule" | "NoExecute">;
}

export interface KindMountArgs {
	/** An absolute path in the node. */
	containerPath: pulumi.Input<string>;
	/** A path on the Docker host, absolute or relative to the program. */
	hostPath: pulumi.Input<string>;
	/** Whether the node can't write there. @default false */
	readOnly?: pulumi.Input<boolean>;
	/** Whether the files get an SELinux label that containers may use. @default false */
	selinuxRelabel?: pulumi.Input<boolean>;
	/** Whether later mounts below the path appear on the other side: None, HostToContainer or Bidirectional. @default "None" */
	propagation?: pulumi.Input<"None" | "HostToContainer" | "Bidirectional">;
}

export interface KindPortMappingArgs {
	/** A port of the node, such as a nodePort. */
	containerPort: pulumi.Input<number>;
	/** The port of the Docker host; 0: kind chooses a free one; -1: the engine does, again at each start. @default 0 */
	hostPort?: pulumi.Input<number>;
	/** The address of the Docker host that the port listens on. @default "0.0.0.0", or "::" with ipFamily ipv6 */
	listenAddress?: pulumi.Input<string>;
	/** TCP, UDP or SCTP. @default "TCP" */
	protocol?: pulumi.Input<"TCP" | "UDP" | "SCTP">;
}

export interface KindPatchJSON6902Args {
	/** The API group of the patched object, such as kubeadm.k8s.io. */
	group: pulumi.Input<string>;
	/** The API version of the patched object, such as v1beta4. */
	version: pulumi.Input<string>;
	/** The kind of the patched object, such as ClusterConfiguration. */
	kind: pulumi.Input<string>;
	/** A list of operations (RFC 6902), as YAML or JSON. */
	patch: pulumi.Input<string>;
}

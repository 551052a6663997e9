import type * as pulumi from "@pulumi/pulumi";

export interface KindNetworkingArgs {
	/** The IP families of pods and Services: ipv4, ipv6 or dual. @default "ipv4" */
	ipFamily?: pulumi.Input<"ipv4" | "ipv6" | "dual">;
	/** The address of the Docker host on which the API server listens. @default "127.0.0.1", or "::1" with ipFamily ipv6 */
	apiServerAddress?: pulumi.Input<string>;
	/** The port on which it listens there; 0: kind chooses a free one; -1: the engine does, again at each start. @default 0 */
	apiServerPort?: pulumi.Input<number>;
	/** The pods' subnet; with ipFamily dual, one of each family, separated by a comma. @default "10.244.0.0/16" */
	podSubnet?: pulumi.Input<string>;
	/** The Services' subnet, likewise. @default "10.96.0.0/16" */
	serviceSubnet?: pulumi.Input<string>;
	/** Whether you install a network plugin yourself. Nodes become Ready only after that. @default false */
	disableDefaultCNI?: pulumi.Input<boolean>;
	/** How kube-proxy programs the kernel: iptables, nftables or ipvs; none: no kube-proxy runs. @default "iptables" */
	kubeProxyMode?: pulumi.Input<"iptables" | "nftables" | "ipvs" | "none">;
	/** The nodes' DNS search domains; an empty list removes all. @default the Docker host's */
	dnsSearch?: pulumi.Input<pulumi.Input<string>[]>;
}

export interface KindRegistryArgs {
	/** The container's name. An existing container is used, otherwise one is started, and destroyed with the cluster. @default "kind-registry" */
	name?: pulumi.Input<string>;
	/** The port of 127.0.0.1 that images are pushed to, as localhost:5001/name:tag; pods use the same name. @default 5001 */
	port?: pulumi.Input<number>;
	/** The image of a registry that is started. @default "registry:3" */
	image?: pulumi.Input<string>;
}

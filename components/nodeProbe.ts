import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClientGroup } from "../kubernetes/clients.ts";
import type { PodImage } from "./clusterImage.ts";
import { curl, echoGet } from "./dnsUtils.ts";

export interface NodeProbeArgs {
	/** The dnsutils image, which also contains iptables, nft and conntrack. */
	image: PodImage;
	/** The DaemonSet's namespace, which must exist. @default "default" */
	namespace?: pulumi.Input<string>;
	/** The DaemonSet's name, and the value of its pods' label `app`. @default the component's name */
	name?: pulumi.Input<string>;
	/** Names of the nodes that run it. @default all nodes */
	nodes?: string[];
}

/**
 * A client on every node that also reads and traces the kernel's rules: a DaemonSet on the nodes' network. This needs root
 * with NET_ADMIN and NET_RAW, so its namespace must allow privileged pods.
 */
export class NodeProbe extends pulumi.ComponentResource {
	/** The DaemonSet's name; available once it runs on every node. */
	public readonly name: pulumi.Output<string>;
	/** The DaemonSet's namespace. */
	public readonly namespace: pulumi.Output<string>;
	/** The pods' labels. */
	public readonly labels: pulumi.Output<Record<string, string>>;
	/** The pods as clients of a Verification, each on its node's network. */
	public readonly clients: pulumi.Output<ClientGroup>;

	constructor(name: string, args: NodeProbeArgs, opts?: pulumi.ComponentResourceOptions) {
		super("nodeport-lab:index:NodeProbe", name, args, opts);
		const labels = { app: args.name ?? name };
		const daemonSet = new k8s.apps.v1.DaemonSet(
			`${name}-daemonset`,
			{
				metadata: { name: args.name ?? name, namespace: args.namespace ?? "default", labels },
				spec: {
					selector: { matchLabels: labels },
					// One at a time, a node that is down would block the update of all others.
					updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "100%" } },
					template: {
						metadata: { labels, annotations: { "nodeport-lab/image-id": args.image.id ?? "" } },
						spec: {
							hostNetwork: true,
							// Otherwise a pod on the host network can't resolve Service names.
							dnsPolicy: "ClusterFirstWithHostNet",
							automountServiceAccountToken: false,
							enableServiceLinks: false,
							terminationGracePeriodSeconds: 1,
							tolerations: [{ operator: "Exists" }],
							...(args.nodes && { affinity: onNodes(args.nodes) }),
							securityContext: { seccompProfile: { type: "RuntimeDefault" } },
							containers: [
								{
									name: "probe",
									image: args.image.reference,
									imagePullPolicy: "IfNotPresent",
									command: ["/usr/local/bin/idle"],
									resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "128Mi" } },
									securityContext: {
										runAsUser: 0,
										allowPrivilegeEscalation: false,
										readOnlyRootFilesystem: true,
										capabilities: { drop: ["ALL"], add: ["NET_ADMIN", "NET_RAW"] },
									},
								},
							],
						},
					},
				},
			},
			{ parent: this, customTimeouts: { create: "3m", update: "3m" } },
		);
		this.name = daemonSet.metadata.name;
		this.namespace = daemonSet.metadata.namespace;
		this.labels = daemonSet.spec.selector.matchLabels;
		this.clients = pulumi.all([this.namespace, this.labels]).apply(([namespace, labels]) => ({
			each: { namespace, labels, container: "probe" },
			named: "node" as const,
			get: curl,
			getByUdp: echoGet,
		}));
		this.registerOutputs({
			name: this.name,
			namespace: this.namespace,
			labels: this.labels,
			clients: this.clients,
		});
	}
}

/** By name, because a node's label kubernetes.io/hostname may differ from it. */
export const onNodes = (names: string[]): k8s.types.input.core.v1.Affinity => ({
	nodeAffinity: {
		requiredDuringSchedulingIgnoredDuringExecution: {
			// One name per term: matchFields allows only one value.
			nodeSelectorTerms: names.map((name) => ({
				matchFields: [{ key: "metadata.name", operator: "In", values: [name] }],
			})),
		},
	},
});

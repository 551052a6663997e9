import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Service } from "../kubernetes/model.ts";
import { toService } from "../kubernetes/objects.ts";

export interface NodePortServiceArgs {
	/** The workload behind the Service. Selector, namespace and target port come from it, so they always match. */
	echo: {
		/** The pods' labels. */
		labels: pulumi.Input<Record<string, pulumi.Input<string>>>;
		/** The pods' namespace. */
		namespace: pulumi.Input<string>;
		/** The pods' port, the same number for TCP and UDP. */
		port: pulumi.Input<number>;
		/** The name of the Service's TCP port. The UDP port has this name with "-udp" at its end. */
		portName: pulumi.Input<string>;
	};
	/** The Service's name. @default the component's name */
	name?: pulumi.Input<string>;
	/** The port on every node, 30000 to 32767. @default assigned by the cluster */
	nodePort?: pulumi.Input<number>;
	/** The port on the ClusterIP. @default the echo's port */
	port?: pulumi.Input<number>;
	/** The address families; the first one is the primary one. A change replaces the Service. @default the cluster's first one */
	ipFamilies?: pulumi.Input<pulumi.Input<"IPv4" | "IPv6">[]>;
	/** The protocols of the port. For both, port and nodePort have the same number. @default ["TCP"] */
	protocols?: pulumi.Input<pulumi.Input<"TCP" | "UDP">[]>;
	/** Cluster: every node forwards to any pod. Local: only to its own pods, with the client's address. @default "Cluster" */
	externalTrafficPolicy?: pulumi.Input<"Cluster" | "Local">;
	/** None: each connection goes to a random pod. ClientIP: all of one client address to the same pod. @default "None" */
	sessionAffinity?: pulumi.Input<"None" | "ClientIP">;
}

/** A Service of type NodePort, which answers on one port of every node. */
export class NodePortService extends pulumi.ComponentResource {
	/** The Service's uid: it changes when the Service is replaced. */
	public readonly uid: pulumi.Output<string>;
	/** The Service as the API server stores it, with its ClusterIP and nodePort. */
	public readonly service: pulumi.Output<Service>;

	constructor(name: string, args: NodePortServiceArgs, opts?: pulumi.ComponentResourceOptions) {
		super("nodeport-lab:index:NodePortService", name, args, opts);
		const { echo } = args;
		const service = new k8s.core.v1.Service(
			`${name}-service`,
			{
				metadata: {
					name: args.name ?? name,
					namespace: echo.namespace,
					// The provider's wait takes a fixed time and proves less than the verification, which waits for
					// endpoints and for the rules on every node.
					annotations: { "pulumi.com/skipAwait": "true" },
				},
				spec: {
					type: "NodePort",
					selector: echo.labels,
					externalTrafficPolicy: args.externalTrafficPolicy ?? "Cluster",
					sessionAffinity: args.sessionAffinity ?? "None",
					...(args.ipFamilies !== undefined && {
						ipFamilies: args.ipFamilies,
						ipFamilyPolicy: pulumi.output(args.ipFamilies).apply(policyOf),
					}),
					ports: pulumi
						.output(args.protocols ?? ["TCP" as const])
						.apply((all) => all.map((each) => portOf(args, each))),
				},
			},
			{
				parent: this,
				// The API doesn't change the first family of a Service. To a Service without a fixed nodePort, it adds a second
				// protocol with another nodePort.
				replaceOnChanges: ["spec.ipFamilies", ...(args.nodePort === undefined ? ["spec.ports"] : [])],
				// A Service's name is in use until the Service is gone.
				deleteBeforeReplace: true,
			},
		);
		this.uid = service.metadata.uid;
		this.service = pulumi
			.all([service.metadata, service.spec])
			.apply(([metadata, spec]) => toService({ metadata, spec }));
		this.registerOutputs({ uid: this.uid, service: this.service });
	}
}

const policyOf = (families: string[]): string => (families.length > 1 ? "RequireDualStack" : "SingleStack");

const portOf = (
	{ echo, port, nodePort }: NodePortServiceArgs,
	protocol: "TCP" | "UDP",
): k8s.types.input.core.v1.ServicePort => ({
	name: protocol === "TCP" ? echo.portName : pulumi.interpolate`${echo.portName}-udp`,
	protocol,
	port: port ?? echo.port,
	targetPort: echo.port,
	...(nodePort !== undefined && { nodePort }),
});

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
		/** The pods' TCP port. */
		port: pulumi.Input<number>;
		/** The name of the Service's port. */
		portName: pulumi.Input<string>;
	};
	/** The Service's name. @default the component's name */
	name?: pulumi.Input<string>;
	/** The port on every node, 30000 to 32767. @default assigned by the cluster */
	nodePort?: pulumi.Input<number>;
	/** The port on the ClusterIP. @default the echo's port */
	port?: pulumi.Input<number>;
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
					ports: [
						{
							name: echo.portName,
							protocol: "TCP",
							port: args.port ?? echo.port,
							targetPort: echo.port,
							...(args.nodePort !== undefined && { nodePort: args.nodePort }),
						},
					],
				},
			},
			{ parent: this },
		);
		this.uid = service.metadata.uid;
		this.service = pulumi
			.all([service.metadata, service.spec])
			.apply(([metadata, spec]) => toService({ metadata, spec }));
		this.registerOutputs({ uid: this.uid, service: this.service });
	}
}

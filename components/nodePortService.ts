import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Service } from "../kubernetes/model.ts";
import { toService } from "../kubernetes/objects.ts";

export interface NodePortServiceArgs {
	/** The workload behind the Service, which takes selector, namespace and port from it: they cannot drift apart. */
	echo: {
		labels: pulumi.Input<Record<string, pulumi.Input<string>>>;
		namespace: pulumi.Input<string>;
		port: pulumi.Input<number>;
		portName: pulumi.Input<string>;
	};
	/** Name of the Service. @default the component's name */
	name?: pulumi.Input<string>;
	/** The port on every node; 30000 to 32767. @default one that the cluster chooses */
	nodePort?: pulumi.Input<number>;
	/** The port on the ClusterIP. @default the echo's port */
	port?: pulumi.Input<number>;
	/** Cluster: every node forwards to any pod. Local: only to its own, and so keeps the client's address. @default "Cluster" */
	externalTrafficPolicy?: pulumi.Input<"Cluster" | "Local">;
	/** None: every connection may go to another pod. ClientIP: those of one client address go to one pod. @default "None" */
	sessionAffinity?: pulumi.Input<"None" | "ClientIP">;
}

/** The lesson's subject: a Service that answers on one port of every node. */
export class NodePortService extends pulumi.ComponentResource {
	/** Another Service of the same name has another uid. */
	public readonly uid: pulumi.Output<string>;
	/** What the API server made of it: the address and the ports that it answers on. */
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
					// Awaiting a Service ends in a fixed settle time and proves less than the verification, which waits
					// for endpoints and for the rule on every node.
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

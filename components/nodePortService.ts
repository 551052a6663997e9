import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Service } from "../verification/model.ts";

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
	/** @default "Cluster" */
	externalTrafficPolicy?: pulumi.Input<"Cluster" | "Local">;
}

/** The lesson's subject: a Service that answers on one port of every node. */
export class NodePortService extends pulumi.ComponentResource {
	/** Another Service of the same name has another uid. */
	public readonly uid: pulumi.Output<string>;
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
		this.service = pulumi.all([service.metadata, service.spec]).apply(([metadata, spec]) => ({
			name: metadata.name,
			namespace: metadata.namespace,
			dnsName: `${metadata.name}.${metadata.namespace}.svc.cluster.local`,
			clusterIp: spec.clusterIP,
			port: spec.ports[0]?.port ?? 0,
			portName: spec.ports[0]?.name ?? "",
			nodePort: spec.ports[0]?.nodePort ?? 0,
			externalTrafficPolicy: spec.externalTrafficPolicy === "Local" ? ("Local" as const) : ("Cluster" as const),
		}));
		this.registerOutputs({ uid: this.uid, service: this.service });
	}
}

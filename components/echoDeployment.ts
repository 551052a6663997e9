import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClientGroup } from "../kubernetes/clients.ts";
import type { PodImage } from "./clusterImage.ts";
import { restrictedContainer, restrictedPod } from "./podSecurity.ts";

export interface EchoDeploymentArgs {
	/** The echo image (toolchain/images/echo). */
	image: PodImage;
	/** Namespace of what is made; it must exist. @default "default" */
	namespace?: pulumi.Input<string>;
	/** Name of the Deployment and value of its pods' `app` label. @default the component's name */
	name?: pulumi.Input<string>;
	/** How many pods. @default 1 */
	replicas?: pulumi.Input<number>;
	/** Nodes that may run it: one is a nodeSelector, more a node affinity, none leaves it to the scheduler. @default [] */
	nodes?: pulumi.Input<string[]>;
	/** The port that the pods listen on. @default 8080 */
	port?: pulumi.Input<number>;
}

/** The server behind the Service: it answers with its node, its pod IP and the client address that it saw. */
export class EchoDeployment extends pulumi.ComponentResource {
	/** The Deployment's name, once it is available. */
	public readonly name: pulumi.Output<string>;
	/** The namespace of Deployment and pods. */
	public readonly namespace: pulumi.Output<string>;
	/** The pods' labels: what a Service selects. */
	public readonly labels: pulumi.Output<Record<string, string>>;
	/** The port that the pods listen on. */
	public readonly port: pulumi.Output<number>;
	/** The name of the pods' port. */
	public readonly portName: pulumi.Output<string>;
	/** The image that the pods run. */
	public readonly image: pulumi.Output<string>;
	/** How many pods there are to be. */
	public readonly replicas: pulumi.Output<number>;
	/** How a verification asks from the echo's own pods: their packets come back to where they started (hairpin). */
	public readonly clients: pulumi.Output<ClientGroup>;
	/** Grows with every change of the Deployment's specification. */
	public readonly generation: pulumi.Output<number>;

	constructor(name: string, args: EchoDeploymentArgs, opts?: pulumi.ComponentResourceOptions) {
		super("nodeport-lab:index:EchoDeployment", name, args, opts);
		const labels = { app: args.name ?? name };
		const port = args.port ?? 8080;
		const deployment = new k8s.apps.v1.Deployment(
			`${name}-deployment`,
			{
				metadata: { name: args.name ?? name, namespace: args.namespace ?? "default", labels },
				spec: {
					replicas: args.replicas ?? 1,
					selector: { matchLabels: labels },
					template: {
						metadata: { labels, annotations: { "nodeport-lab/image-id": args.image.id ?? "" } },
						spec: {
							...restrictedPod,
							nodeSelector: pulumi.output(args.nodes ?? []).apply(nodeSelector),
							affinity: pulumi.output(args.nodes ?? []).apply(nodeAffinity),
							// Several pods on several nodes are spread, or a lesson about nodes would depend on chance.
							topologySpreadConstraints: [
								{
									maxSkew: 1,
									topologyKey: hostname,
									whenUnsatisfiable: "ScheduleAnyway",
									labelSelector: { matchLabels: labels },
								},
							],
							containers: [container(args.image.reference, port)],
						},
					},
				},
			},
			{ parent: this, customTimeouts: { create: "3m", update: "3m" } },
		);
		this.name = deployment.metadata.name;
		this.namespace = deployment.metadata.namespace;
		this.labels = deployment.spec.selector.matchLabels;
		const served = deployment.spec.template.spec.containers.apply(([echo]) => echo);
		this.port = served.apply((echo) => echo?.ports?.[0]?.containerPort ?? 0);
		this.portName = served.apply((echo) => echo?.ports?.[0]?.name ?? "");
		this.image = served.apply((echo) => echo?.image ?? "");
		this.replicas = deployment.spec.replicas;
		this.generation = deployment.metadata.generation;
		this.clients = pulumi.all([this.namespace, this.labels]).apply(([namespace, labels]) => ({
			each: { namespace, labels, container: "echo" },
			named: "pod" as const,
			get: ["echo", "get", "--timeout", "3s"],
		}));
		this.registerOutputs({
			name: this.name,
			namespace: this.namespace,
			labels: this.labels,
			port: this.port,
			portName: this.portName,
			image: this.image,
			replicas: this.replicas,
			clients: this.clients,
			generation: this.generation,
		});
	}
}

const hostname = "kubernetes.io/hostname";

const nodeSelector = (nodes: string[]): Record<string, string> =>
	nodes.length === 1 && nodes[0] !== undefined ? { [hostname]: nodes[0] } : {};

const nodeAffinity = (nodes: string[]): k8s.types.input.core.v1.Affinity =>
	nodes.length < 2
		? {}
		: {
				nodeAffinity: {
					requiredDuringSchedulingIgnoredDuringExecution: {
						nodeSelectorTerms: [{ matchExpressions: [{ key: hostname, operator: "In", values: nodes }] }],
					},
				},
			};

const fieldEnv = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });

const container = (image: pulumi.Input<string>, port: pulumi.Input<number>): k8s.types.input.core.v1.Container => {
	const probe = { httpGet: { path: "/healthz", port: "echo" }, periodSeconds: 2 };
	return {
		name: "echo",
		image,
		imagePullPolicy: "IfNotPresent",
		env: [
			{ name: "PORT", value: pulumi.interpolate`${port}` },
			fieldEnv("NODE_NAME", "spec.nodeName"),
			fieldEnv("POD_IP", "status.podIP"),
		],
		ports: [{ name: "echo", containerPort: port, protocol: "TCP" }],
		readinessProbe: probe,
		livenessProbe: { ...probe, periodSeconds: 10 },
		resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { cpu: "500m", memory: "64Mi" } },
		securityContext: restrictedContainer,
	};
};

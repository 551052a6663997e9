import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClientGroup } from "../kubernetes/clients.ts";
import type { PodImage } from "./clusterImage.ts";
import { restrictedPodSpec, restrictedSecurityContext } from "./podSecurity.ts";

export interface EchoDeploymentArgs {
	/** The echo image (toolchain/images/echo). */
	image: PodImage;
	/** The Deployment's namespace, which must exist. @default "default" */
	namespace?: pulumi.Input<string>;
	/** The Deployment's name, and the value of its pods' label `app`. @default the component's name */
	name?: pulumi.Input<string>;
	/** The number of pods. @default 1 */
	replicas?: pulumi.Input<number>;
	/** Names of the nodes that may run the pods (label kubernetes.io/hostname); empty: any node. @default [] */
	nodes?: pulumi.Input<string[]>;
	/** The pods' port, the same number for TCP and UDP. @default 8080 */
	port?: pulumi.Input<number>;
}

/** The server behind the Service: a Deployment that answers with its node, its pod IP and the client address that it saw. */
export class EchoDeployment extends pulumi.ComponentResource {
	/** The Deployment's name; available once the Deployment is. */
	public readonly name: pulumi.Output<string>;
	/** The Deployment's namespace. */
	public readonly namespace: pulumi.Output<string>;
	/** The pods' labels, for a Service's selector. */
	public readonly labels: pulumi.Output<Record<string, string>>;
	/** The pods' port, the same number for TCP and UDP. */
	public readonly port: pulumi.Output<number>;
	/** The name of the pods' TCP port. */
	public readonly portName: pulumi.Output<string>;
	/** The image reference of the pods. */
	public readonly image: pulumi.Output<string>;
	/** The desired number of pods. */
	public readonly replicas: pulumi.Output<number>;
	/** The pods as clients of a Verification: their requests may come back to the same pod (hairpin). */
	public readonly clients: pulumi.Output<ClientGroup>;
	/** The Deployment's metadata.generation: it grows with each change of its spec. */
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
							...restrictedPodSpec,
							nodeSelector: pulumi.output(args.nodes ?? []).apply(nodeSelector),
							affinity: pulumi.output(args.nodes ?? []).apply(nodeAffinity),
							// Without it, the pods' nodes would depend on chance.
							topologySpreadConstraints: [
								{
									maxSkew: 1,
									topologyKey: hostname,
									whenUnsatisfiable: "ScheduleAnyway",
									labelSelector: { matchLabels: labels },
								},
							],
							containers: [echoContainer(args.image.reference, port)],
						},
					},
				},
			},
			{ parent: this, customTimeouts: { create: "3m", update: "3m" } },
		);
		this.name = deployment.metadata.name;
		this.namespace = deployment.metadata.namespace;
		this.labels = deployment.spec.selector.matchLabels;
		const container = deployment.spec.template.spec.containers.apply(([echo]) => echo);
		this.port = container.apply((echo) => echo?.ports?.[0]?.containerPort ?? 0);
		this.portName = container.apply((echo) => echo?.ports?.[0]?.name ?? "");
		this.image = container.apply((echo) => echo?.image ?? "");
		this.replicas = deployment.spec.replicas;
		this.generation = deployment.metadata.generation;
		this.clients = pulumi.all([this.namespace, this.labels]).apply(([namespace, labels]) => ({
			each: { namespace, labels, container: "echo" },
			named: "pod" as const,
			get: echoGet,
			getByUdp: echoGet,
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

/** One request with a limit of 3 s. */
const echoGet = ["echo", "get", "--timeout", "3s"];

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

const echoContainer = (image: pulumi.Input<string>, port: pulumi.Input<number>): k8s.types.input.core.v1.Container => {
	const probe = { httpGet: { path: "/healthz", port: "echo" }, periodSeconds: 2 };
	return {
		name: "echo",
		image,
		imagePullPolicy: "IfNotPresent",
		env: [
			{ name: "PORT", value: pulumi.interpolate`${port}` },
			fieldEnv("NODE_NAME", "spec.nodeName"),
			fieldEnv("POD_IP", "status.podIP"),
			fieldEnv("POD_IPS", "status.podIPs"),
		],
		ports: [
			{ name: "echo", containerPort: port, protocol: "TCP" },
			{ name: "echo-udp", containerPort: port, protocol: "UDP" },
		],
		readinessProbe: probe,
		livenessProbe: { ...probe, periodSeconds: 10 },
		resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { cpu: "500m", memory: "64Mi" } },
		securityContext: restrictedSecurityContext,
	};
};

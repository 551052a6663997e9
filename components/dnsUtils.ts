import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Client } from "../kubernetes/clients.ts";
import type { PodImage } from "./clusterImage.ts";
import { restrictedPodSpec, restrictedSecurityContext } from "./podSecurity.ts";

/** One request with a limit of 3 s, which prints the body. Only --verbose distinguishes a refused connection. */
export const curl = ["curl", "--silent", "--show-error", "--verbose", "--fail", "--max-time", "3"];

/** The same for UDP: one datagram. */
export const echoGet = ["echo-get", "--timeout", "3s"];

/** Ends on SIGTERM, which process 1 ignores by default. As a command it needs no file of the image. */
const idle = "trap 'exit 0' TERM INT; while :; do sleep 86400 & wait $!; done";

export interface DnsUtilsArgs {
	/** The dnsutils image (toolchain/images/dnsutils), or another one with sh and curl, and echo-get for a Service with UDP. */
	image: PodImage;
	/** The Pod's namespace, which must exist. @default "default" */
	namespace?: pulumi.Input<string>;
	/** The Pod's name. @default the component's name */
	name?: pulumi.Input<string>;
	/** The name of the node that runs it (its label kubernetes.io/hostname). @default the scheduler's choice */
	node?: pulumi.Input<string>;
}

/** A client inside the cluster: a Pod with curl, wget, dig and echo-get. */
export class DnsUtils extends pulumi.ComponentResource {
	/** The Pod's name; available once the Pod is ready. */
	public readonly name: pulumi.Output<string>;
	/** The Pod's namespace. */
	public readonly namespace: pulumi.Output<string>;
	/** The Pod's uid: it changes when the Pod is replaced. */
	public readonly uid: pulumi.Output<string>;
	/** The Pod as a client of a Verification. */
	public readonly client: pulumi.Output<Client>;

	constructor(name: string, args: DnsUtilsArgs, opts?: pulumi.ComponentResourceOptions) {
		super("nodeport-lab:index:DnsUtils", name, args, opts);
		const pod = new k8s.core.v1.Pod(
			`${name}-pod`,
			{
				metadata: {
					name: args.name ?? name,
					namespace: args.namespace ?? "default",
					annotations: { "nodeport-lab/image-id": args.image.id ?? "" },
				},
				spec: {
					...restrictedPodSpec,
					...(args.node !== undefined && { nodeSelector: { "kubernetes.io/hostname": args.node } }),
					terminationGracePeriodSeconds: 1,
					containers: [
						{
							name: "dnsutils",
							image: args.image.reference,
							imagePullPolicy: "IfNotPresent",
							command: ["sh", "-c", idle],
							resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "128Mi" } },
							securityContext: restrictedSecurityContext,
						},
					],
				},
			},
			{
				parent: this,
				// A Pod's name is in use until the Pod is gone.
				deleteBeforeReplace: true,
				// The API allows a change of annotations, but only a new Pod runs the image that they name.
				replaceOnChanges: ["metadata.annotations"],
				customTimeouts: { create: "3m" },
			},
		);
		this.name = pod.metadata.name;
		this.namespace = pod.metadata.namespace;
		this.uid = pod.metadata.uid;
		this.client = pulumi.all([this.name, this.namespace]).apply(([pod, namespace]) => ({
			name: pod,
			run: { exec: { namespace, pod, container: "dnsutils" } },
			get: curl,
			getByUdp: echoGet,
		}));
		this.registerOutputs({ name: this.name, namespace: this.namespace, uid: this.uid, client: this.client });
	}
}

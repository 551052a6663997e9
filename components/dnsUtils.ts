import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Client } from "../kubernetes/clients.ts";
import type { PodImage } from "./clusterImage.ts";
import { restrictedContainer, restrictedPod } from "./podSecurity.ts";

/** Asks once, gives up after 3 s, shows the body; only its verbose talk tells a refused connection from others. */
export const curl = ["curl", "--silent", "--show-error", "--verbose", "--fail", "--max-time", "3"];

export interface DnsUtilsArgs {
	/** The dnsutils image (toolchain/images/dnsutils): dig, nslookup, wget, curl. */
	image: PodImage;
	/** Namespace of what is made; it must exist. @default "default" */
	namespace?: pulumi.Input<string>;
	/** Name of the Pod. @default the component's name */
	name?: pulumi.Input<string>;
	/** The node that runs it. @default the scheduler's choice */
	node?: pulumi.Input<string>;
}

/** The client inside the cluster: a pod to run curl, wget and dig in. */
export class DnsUtils extends pulumi.ComponentResource {
	/** The Pod's name, once it is ready. */
	public readonly name: pulumi.Output<string>;
	/** The Pod's namespace. */
	public readonly namespace: pulumi.Output<string>;
	/** Another Pod of the same name has another uid. */
	public readonly uid: pulumi.Output<string>;
	/** How a verification asks from here. */
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
					...restrictedPod,
					...(args.node !== undefined && { nodeSelector: { "kubernetes.io/hostname": args.node } }),
					terminationGracePeriodSeconds: 1,
					containers: [
						{
							name: "dnsutils",
							image: args.image.reference,
							imagePullPolicy: "IfNotPresent",
							// Ends at once on SIGTERM, which PID 1 would otherwise ignore.
							command: ["/usr/local/bin/idle"],
							resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "128Mi" } },
							securityContext: restrictedContainer,
						},
					],
				},
			},
			// A Pod cannot be changed, and its name is taken until it is gone.
			{
				parent: this,
				deleteBeforeReplace: true,
				// Its annotations could be changed, but the image that they name would not run.
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
		}));
		this.registerOutputs({ name: this.name, namespace: this.namespace, uid: this.uid, client: this.client });
	}
}

import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { imageId } from "../kind/docker.ts";
import { programCommand, quietly } from "../lib/programCommand.ts";
import { orRefuse } from "../lib/userError.ts";

/** What a pod runs: a ClusterImage, or any reference that the nodes can get by themselves. */
export interface PodImage {
	reference: pulumi.Input<string>;
	/**
	 * The id of the image's content; another one replaces the pods although the reference is the same.
	 * @default none
	 */
	id?: pulumi.Input<string>;
}

export interface ClusterImageArgs {
	/** The cluster that gets the image. */
	cluster: { id: pulumi.Input<string>; name: pulumi.Input<string> };
	/** A tag that the Docker engine has. */
	image: pulumi.Input<string>;
	/** Names of the nodes that run it, as every load costs time and room; empty: every node. */
	nodes: pulumi.Input<pulumi.Input<string>[]>;
}

/** An image of the Docker engine, on the nodes that need it. Another build of the same tag is loaded again. */
export class ClusterImage extends pulumi.ComponentResource implements PodImage {
	/** The image's tag, once it is on the nodes. */
	public readonly reference: pulumi.Output<string>;
	/** The id of the image's content (sha256:…), once it is on the nodes. */
	public readonly id: pulumi.Output<string>;

	constructor(name: string, args: ClusterImageArgs, opts?: pulumi.ComponentResourceOptions) {
		// Not the cluster as a whole: the image would wait for all that a component of a cluster makes.
		const cluster = { id: args.cluster.id, name: args.cluster.name };
		super("nodeport-lab:index:ClusterImage", name, { ...args, cluster }, opts);
		const id = pulumi.output(args.image).apply((image) => orRefuse(imageId(image)));
		const load = new command.local.Command(
			`${name}-load`,
			{
				create: programCommand("kind/kindProgram.ts", "load"),
				stdin: pulumi.jsonStringify({ cluster: args.cluster.name, image: args.image, nodes: args.nodes }),
				triggers: [args.cluster.id, id],
				...quietly,
			},
			{ parent: this, customTimeouts: { create: "10m" } },
		);
		this.reference = load.stdout;
		this.id = pulumi.all([id, load.stdout]).apply(([id]) => id);
		this.registerOutputs({ reference: this.reference, id: this.id });
	}
}

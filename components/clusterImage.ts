import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { imageId } from "../kind/docker.ts";
import { programCommand, quietly } from "../lib/programs/programCommand.ts";
import { orRefuse } from "../lib/userError.ts";

/** The image of a pod: a ClusterImage, or a reference that the nodes can pull. */
export interface PodImage {
	/** An image reference such as registry.example/echo:1. */
	reference: pulumi.Input<string>;
	/**
	 * The id of the image's content (sha256:…). If it changes, pods are replaced although the reference is the same.
	 * @default none: only a changed reference replaces pods
	 */
	id?: pulumi.Input<string>;
}

export interface ClusterImageArgs {
	/** The kind cluster to load the image into. */
	cluster: { id: pulumi.Input<string>; name: pulumi.Input<string> };
	/** The tag of an image in the Docker engine. */
	image: pulumi.Input<string>;
	/** Names of the nodes to load it on; each takes time and disk space. Empty: every node. */
	nodes: pulumi.Input<pulumi.Input<string>[]>;
}

/** Loads an image of the Docker engine on nodes of a kind cluster. A new build of the same tag is loaded again. */
export class ClusterImage extends pulumi.ComponentResource implements PodImage {
	/** The image's tag; available once the image is on the nodes. */
	public readonly reference: pulumi.Output<string>;
	/** The id of the image's content (sha256:…); available once the image is on the nodes. */
	public readonly id: pulumi.Output<string>;

	constructor(name: string, args: ClusterImageArgs, opts?: pulumi.ComponentResourceOptions) {
		// Only id and name: with the whole component, the image would wait for all of the cluster's resources.
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

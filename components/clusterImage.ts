import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { imageId } from "../kind/docker.ts";
import { archiveId } from "../kind/inPlace/imageArchive.ts";
import { programCommand, quietly } from "../lib/programs/programCommand.ts";
import { orRefuse, UserError } from "../lib/userError.ts";

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
	/** The tag of an image in the Docker engine. @default none: `archive` is loaded */
	image?: pulumi.Input<string>;
	/** The path of an image archive, as `docker save` writes it; instead of `image`. @default none: `image` is loaded */
	archive?: pulumi.Input<string>;
	/** Names of the nodes to load it on; each takes time and disk space. Empty: every node. @default every node */
	nodes?: pulumi.Input<pulumi.Input<string>[]>;
}

/**
 * Loads an image of the Docker engine, or an archive, on nodes of a kind cluster. A new build of the same tag, or another
 * content of the archive, is loaded again.
 */
export class ClusterImage extends pulumi.ComponentResource implements PodImage {
	/** The image's tag, for an archive its first one; available once the image is on the nodes. */
	public readonly reference: pulumi.Output<string>;
	/** The id of the image's content (sha256:…); available once the image is on the nodes. */
	public readonly id: pulumi.Output<string>;

	constructor(name: string, args: ClusterImageArgs, opts?: pulumi.ComponentResourceOptions) {
		// Only id and name: with the whole component, the image would wait for all of the cluster's resources.
		const cluster = { id: args.cluster.id, name: args.cluster.name };
		super("nodeport-lab:index:ClusterImage", name, { ...args, cluster }, opts);
		const { operation, source, id } = sourceOf(name, args);
		const load = new command.local.Command(
			`${name}-load`,
			{
				create: programCommand("kind/kindProgram.ts", operation),
				stdin: pulumi.jsonStringify({ cluster: args.cluster.name, ...source, nodes: args.nodes ?? [] }),
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

function sourceOf(name: string, { image, archive }: ClusterImageArgs) {
	if (image !== undefined && archive === undefined) {
		const id = pulumi.output(image).apply((image) => orRefuse(imageId(image)));
		return { operation: "load", source: { image }, id };
	}
	if (image === undefined && archive !== undefined) {
		const id = pulumi.output(archive).apply((archive) => orRefuse(archiveId(archive)));
		return { operation: "load-archive", source: { archive }, id };
	}
	const got = image === undefined ? "neither" : "both";
	throw new UserError(
		`ClusterImage "${name}": got ${got} of image and archive, allowed: one of them; fix: set one of them`,
	);
}

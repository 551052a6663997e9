import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { execIn } from "../kind/docker.ts";
import { outsideClientId, outsideClientName } from "../kind/outsideContainer.ts";
import type { Client } from "../kubernetes/clients.ts";
import { programCommand, quietly } from "../lib/programs/programCommand.ts";
import { orRefuse } from "../lib/userError.ts";
import { curl, echoGet } from "./dnsUtils.ts";

export interface OutsideClientArgs {
	/** The kind cluster whose network it joins. */
	cluster: { id: pulumi.Input<string>; name: pulumi.Input<string> };
	/** The dnsutils image: a tag in the Docker engine. */
	image: pulumi.Input<string>;
}

/** A client outside the cluster: a container on kind's Docker network, next to the nodes. */
export class OutsideClient extends pulumi.ComponentResource {
	/** The container as a client of a Verification. */
	public readonly client: pulumi.Output<Client>;

	constructor(name: string, args: OutsideClientArgs, opts?: pulumi.ComponentResourceOptions) {
		// Only id and name: with the whole component, the client would wait for all of the cluster's resources.
		const { id: clusterId, name: clusterName } = args.cluster;
		super("nodeport-lab:index:OutsideClient", name, { ...args, cluster: { id: clusterId, name: clusterName } }, opts);
		const cluster = pulumi.all([clusterId, clusterName]).apply(([id, name]) => ({ id, name }));
		const id = cluster.apply((cluster) => orRefuse(outsideClientId(cluster)));
		const container = new command.local.Command(
			`${name}-container`,
			{
				create: programCommand("kind/kindProgram.ts", "start-outside-client"),
				delete: programCommand("kind/kindProgram.ts", "remove-outside-client"),
				stdin: pulumi.jsonStringify({ cluster, image: args.image, id }),
				triggers: [clusterId, id],
				...quietly,
			},
			{ parent: this, deleteBeforeReplace: true },
		);
		this.client = pulumi.all([cluster, container.stdout]).apply(([cluster, addresses]) => {
			const ips = addresses.split(" ");
			return {
				name: "outside",
				run: { spawn: execIn(outsideClientName(cluster.name)) },
				get: curl,
				getByUdp: echoGet,
				ip: ips[0] ?? "",
				ips,
			};
		});
		this.registerOutputs({ client: this.client });
	}
}

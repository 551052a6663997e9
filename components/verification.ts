import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Client, ClientGroup, Existing, Runner } from "../kubernetes/clients.ts";
import { programCommand, quietly } from "../lib/programs/programCommand.ts";
import { reportSchema, Summary } from "../verification/report.ts";
import { reportRevision } from "../verification/resultFile.ts";

export interface VerificationArgs {
	/** The path of the cluster's kubeconfig. Its text would make every output secret. */
	kubeconfigPath: pulumi.Input<string>;
	/** A context of the kubeconfig. @default its current one */
	context?: pulumi.Input<string> | undefined;
	/** The Service to verify. */
	service: pulumi.Input<{ namespace: string; name: string }>;
	/** The Deployment behind the Service: how many pods it has, and on which nodes they may run (empty: any node). */
	echo: { deployment: pulumi.Input<string>; replicas: pulumi.Input<number>; nodes: pulumi.Input<string[]> };
	/** The clients that send requests. The first one's packet is explained on every node. */
	clients: pulumi.Input<Client | ClientGroup>[];
	/** base: the first client calls every target. full: all clients do, and each node traces a packet. @default "base" */
	connectivity?: pulumi.Input<"base" | "full">;
	/** How to run a program on each node, by node name: used to save the nodes' logs on failure. @default no logs */
	nodeRunners?: pulumi.Input<Record<string, Runner>>;
	/** Only for a cluster that the lab didn't create: where rules are read, and which nodes are checked. @default none */
	existing?: { readers?: pulumi.Input<Existing["readers"]>; sample?: Existing["sample"] } | undefined;
	/** The path of the full report, relative to the program. @default "out/verification.json" */
	report?: pulumi.Input<string>;
	/** Ids and generations of what is verified. If one changes or the report is lost, the verification runs again. */
	revisions: pulumi.Input<Record<string, pulumi.Input<string | number>>>;
}

/**
 * Verifies that the Service answers as expected, and explains each answer from the node's kernel rules. If it fails, the
 * update fails. The full report and a folder of evidence are then on disk; the error names both and each failed request.
 */
export class Verification extends pulumi.ComponentResource {
	/** The result, in under 64 KB; details are in the report. */
	public readonly summary: pulumi.Output<Summary>;

	constructor(name: string, args: VerificationArgs, opts?: pulumi.ComponentResourceOptions) {
		super("nodeport-lab:index:Verification", name, args, opts);
		const report = pulumi.output(args.report ?? "out/verification.json");
		const run = new command.local.Command(
			`${name}-run`,
			{
				create: programCommand("verification/verificationProgram.ts"),
				stdin: pulumi.jsonStringify({
					kubeconfig: args.kubeconfigPath,
					context: args.context,
					service: args.service,
					echo: args.echo,
					clients: args.clients,
					connectivity: args.connectivity ?? "base",
					nodeRunners: args.nodeRunners,
					existing: args.existing,
					report,
					// A stored summary of another schema can't be read: the verification runs again.
					revisions: pulumi
						.all([args.revisions, report.apply((path) => reportRevision(path, pulumi.getStack()))])
						.apply(([own, kept]) => ({ ...own, ...kept, schema: reportSchema })),
				}),
				...quietly,
			},
			{ parent: this, customTimeouts: { create: "10m", update: "10m" } },
		);
		this.summary = run.stdout.apply((summary) => Summary.parse(JSON.parse(summary)));
		this.registerOutputs({ summary: this.summary });
	}
}

import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Client, ClientGroup, Existing, Runner } from "../kubernetes/clients.ts";
import { programCommand, quietly } from "../lib/programCommand.ts";
import { reportSchema, Summary } from "../verification/report.ts";
import { reportRevision } from "../verification/resultFile.ts";

export interface VerificationArgs {
	/** Path of the cluster's kubeconfig: never its text, which would make every output secret. */
	kubeconfigPath: pulumi.Input<string>;
	/** Which of its contexts. @default its current one */
	context?: pulumi.Input<string> | undefined;
	/** The Service to verify. */
	service: pulumi.Input<{ namespace: string; name: string }>;
	/** What must stand behind it: so many pods, on one of these nodes (none named: on any). */
	echo: { deployment: pulumi.Input<string>; replicas: pulumi.Input<number>; nodes: pulumi.Input<string[]> };
	/** Who asks; the first one's packet is explained on every node. */
	clients: pulumi.Input<Client | ClientGroup>[];
	/** base: the first client asks every target; full: every client does, and each node traces a packet. @default "base" */
	connectivity?: pulumi.Input<"base" | "full">;
	/** How to run a program on each node itself, for the nodes' logs where the verification fails. @default none are kept */
	nodeRunners?: pulumi.Input<Record<string, Runner>>;
	/** In a cluster that is not the lab's own: where rules are read, and at which nodes it looks. @default it is */
	existing?: { readers?: pulumi.Input<Existing["readers"]>; sample?: Existing["sample"] } | undefined;
	/** Where the full report goes, relative to the program. @default "out/verification.json" */
	report?: pulumi.Input<string>;
	/** Names of what is verified, such as ids and generations: a change of any of them verifies again, as a lost report does. */
	revisions: pulumi.Input<Record<string, pulumi.Input<string | number>>>;
}

/**
 * Proves that the Service answers as it must, and reads why from every node's rules. An update whose verification
 * fails, fails: after the full report is on disk, with a folder of evidence beside it, and with an error that names both
 * and each failed cell.
 */
export class Verification extends pulumi.ComponentResource {
	/** What it found, without what only the report has room for. */
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
					// The stored summary of another schema could not be read: it is made again, as a lost report is.
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

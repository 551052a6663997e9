/** What to verify: the Service, the pods that it promises, and the clients that send requests. */
import { z } from "zod";
import { Client, ClientGroup, Existing, Runner } from "../kubernetes/clients.ts";

/** Read from stdin, and stored in the report, so that the same verification can be repeated. */
export const Request = z.strictObject({
	/** A path: the text of a kubeconfig never leaves its file. */
	kubeconfig: z.string("a path").regex(/^[^\n]+$/, "a path"),
	/** @default the kubeconfig's current context */
	context: z.string().optional(),
	service: z.object({ namespace: z.string(), name: z.string() }),
	/** The number of pods that must be ready, and the nodes that they may run on (empty: any). */
	echo: z.strictObject({ deployment: z.string(), replicas: z.int(), nodes: z.array(z.string()) }),
	/** The report explains the first client's packet on every node. */
	clients: z.array(z.union([Client, ClientGroup])).min(1),
	connectivity: z.enum(["base", "full"]),
	/** The path of the full report. */
	report: z.string(),
	/** By node name, how to run a program on the node; only the evidence needs it, for the node's log. */
	nodeRunners: z.record(z.string(), Runner).optional(),
	/** Only for a cluster that the lab didn't create. */
	existing: Existing.optional(),
	/** How long to wait for endpoints and rules; after that the requests are sent anyway. */
	waitSeconds: z.number().default(120),
	/** Ids and generations of what is verified: if one changes, Pulumi runs the verification again. */
	revisions: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
});
export type Request = z.infer<typeof Request>;

/** What a verification is asked: which Service, what stands behind it, and who sends requests to it. */
import { z } from "zod";
import { Client, ClientGroup, Existing, Runner } from "../kubernetes/clients.ts";

/** What to verify. Read from stdin; kept in the report, so that the same verification can be repeated. */
export const Request = z.strictObject({
	/** A path; the text of a kubeconfig never leaves its file. */
	kubeconfig: z.string("a path").regex(/^[^\n]+$/, "a path"),
	/** Which of its contexts. @default its current one */
	context: z.string().optional(),
	service: z.object({ namespace: z.string(), name: z.string() }),
	/** The promise that is checked: so many pods, on one of these nodes (none named: on any). */
	echo: z.strictObject({ deployment: z.string(), replicas: z.int(), nodes: z.array(z.string()) }),
	/** The first one is whose packet is explained on every node. */
	clients: z.array(z.union([Client, ClientGroup])).min(1),
	connectivity: z.enum(["base", "full"]),
	/** Where the full report goes. */
	report: z.string(),
	/** How to run a program on a node itself, by the node's name; only evidence needs it, for the node's log. */
	nodeRunners: z.record(z.string(), Runner).optional(),
	/** Where the cluster is not the lab's own. */
	existing: Existing.optional(),
	/** How long to wait for endpoints and rules before probing all the same. */
	waitSeconds: z.number().default(120),
	/** Names of what is verified (ids, generations): a change of any of them asks for another verification. */
	revisions: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
});
export type Request = z.infer<typeof Request>;

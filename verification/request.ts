/** What a verification is asked: which Service, what stands behind it, and who sends requests to it. */
import { z } from "zod";

/** How to run a program where a client is: in a container of a pod, or by an argument vector on this machine. */
export const Runner = z.union(
	[
		z.strictObject({ exec: z.strictObject({ namespace: z.string(), pod: z.string(), container: z.string() }) }),
		z.strictObject({ spawn: z.array(z.string()).min(1) }),
	],
	'{"exec": {"namespace", "pod", "container"}} or {"spawn": [program, argument …]}',
);
export type Runner = z.infer<typeof Runner>;

/** Somebody who sends requests. */
export const Client = z.strictObject({
	name: z.string(),
	run: Runner,
	/** The argument vector of its HTTP client; the URL is appended. Its exit codes and its --local-port are curl's. */
	get: z.array(z.string()).min(1),
	/** The address that it sends from, where the API does not tell. */
	ip: z.string().optional(),
});
export type Client = z.infer<typeof Client>;

/** Every ready pod with these labels as a client of its own, named after itself or after the node that it runs on. */
export const ClientGroup = z.strictObject({
	each: z.strictObject({ namespace: z.string(), labels: z.record(z.string(), z.string()), container: z.string() }),
	named: z.enum(["pod", "node"]),
	get: z.array(z.string()).min(1),
});
export type ClientGroup = z.infer<typeof ClientGroup>;

/** What differs in a cluster that is not the lab's own. */
export const Existing = z.strictObject({
	/** The pods in which a node's rules are read where no kube-proxy pod runs on it. */
	readers: ClientGroup.shape.each.optional(),
	/** The nodes that are looked at, where these are not all; `of` so many, drawn with `seed` from all but the hindered. */
	sample: z
		.strictObject({
			nodes: z.array(z.string()).min(1),
			of: z.int(),
			seed: z.int(),
			hindered: z.array(z.string()).optional(),
		})
		.optional(),
});
export type Existing = z.infer<typeof Existing>;

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

/** Where programs run, and the clients that send requests from there. */
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

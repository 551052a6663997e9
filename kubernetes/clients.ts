/** Where programs run, and the clients that send requests from there. */
import { z } from "zod";

/** How to run a program: in a container of a pod, or by an argument vector on this machine. */
export const Runner = z.union(
	[
		z.strictObject({ exec: z.strictObject({ namespace: z.string(), pod: z.string(), container: z.string() }) }),
		z.strictObject({ spawn: z.array(z.string()).min(1) }),
	],
	'{"exec": {"namespace", "pod", "container"}} or {"spawn": [program, argument …]}',
);
export type Runner = z.infer<typeof Runner>;

/** A place that requests are sent from. */
export const Client = z.strictObject({
	name: z.string(),
	run: Runner,
	/** The argument vector of its HTTP client; the URL is appended. Exit codes and --local-port as for curl. */
	get: z.array(z.string()).min(1),
	/** The argument vector of its UDP client; a URL such as udp://192.0.2.11:30040/host is appended. Absent: it sends no UDP. */
	getByUdp: z.array(z.string()).min(1).optional(),
	/** The address that it sends from, if the API doesn't show it. */
	ip: z.string().optional(),
	/** The addresses of all families that it sends from; `ip` is the first one. */
	ips: z.array(z.string()).optional(),
});
export type Client = z.infer<typeof Client>;

/** Every ready pod with these labels is a client, named after the pod or after its node. */
export const ClientGroup = z.strictObject({
	each: z.strictObject({ namespace: z.string(), labels: z.record(z.string(), z.string()), container: z.string() }),
	named: z.enum(["pod", "node"]),
	get: z.array(z.string()).min(1),
	getByUdp: z.array(z.string()).min(1).optional(),
});
export type ClientGroup = z.infer<typeof ClientGroup>;

/** What differs in a cluster that the lab didn't create. */
export const Existing = z.strictObject({
	/** The pods in which a node's rules are read if it runs no kube-proxy pod. */
	readers: ClientGroup.shape.each.optional(),
	/** The nodes that are checked, if these aren't all: chosen by `seed` from `of` nodes without the unusable ones. */
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

/** What a check of a NodePort is asked for, and what it answers. */
import { z } from "zod";
import { Outcome } from "../model.ts";

/** Read from stdin. */
export const CheckRequest = z.strictObject({
	/** A path. @default as kubectl: KUBECONFIG, else ~/.kube/config */
	kubeconfig: z
		.string("a path")
		.regex(/^[^\n]+$/, "a path")
		.optional(),
	/** @default the kubeconfig's current context */
	context: z.string().optional(),
	service: z.object({ namespace: z.string(), name: z.string() }),
	/** The name or number of the Service's port. @default all */
	port: z.union([z.int(), z.string()]).optional(),
	from: z.array(z.enum(["outside", "nodes"])).min(1, '"outside", "nodes" or both'),
	/** The status that an HTTP request must get; without it, a TCP connection is enough. */
	status: z.int().min(100).max(599).optional(),
	path: z.string().startsWith("/", 'a path that begins with "/"').default("/"),
	/** "host:port": what requests from outside call instead of the nodes. */
	addresses: z.array(z.string()).optional(),
	/** A pod that requests may be sent from. */
	probePod: z.strictObject({ namespace: z.string(), name: z.string() }).optional(),
	/** How long the cluster may take until the NodePort answers. */
	waitSeconds: z.number().min(0).default(60),
	/** Not read: if one changes, Pulumi runs the check again. */
	revisions: z.record(z.string(), z.unknown()).default({}),
});
export type CheckRequest = z.infer<typeof CheckRequest>;

/** A request that the check sent, or predicted from the rules of the nodes. */
export const CheckedRequest = z.object({
	/** "this machine", "node worker-1", "pod shop/client" */
	client: z.string(),
	/** "host:port" */
	address: z.string(),
	/** The node that the address belongs to. */
	node: z.string().optional(),
	how: z.enum(["measured", "predicted"]),
	ok: z.boolean(),
	/** "unknown": the rules of a node couldn't be read or evaluated. */
	observed: z.enum([...Outcome.options, "silent", "unknown"]),
	/** The HTTP status. */
	status: z.int().optional(),
	detail: z.string().optional(),
});
export type CheckedRequest = z.infer<typeof CheckedRequest>;

/** A finding of the diagnosis in words. */
export const CheckFinding = z.object({
	/** How far it explains a failure: requests fail because of it, may fail because of it, or it restricts who is served. */
	weight: z.enum(["cause", "suspect", "note"]),
	/** What kind of finding, such as "targetPort". */
	kind: z.string(),
	title: z.string(),
	evidence: z.array(z.string()),
	/** What to do; a command where one is enough. */
	fix: z.string().optional(),
});
export type CheckFinding = z.infer<typeof CheckFinding>;

/** Written to stdout. */
export const CheckResult = z.object({
	ok: z.literal(true),
	checkedAt: z.string(),
	requests: z.array(CheckedRequest),
	findings: z.array(CheckFinding),
});
export type CheckResult = z.infer<typeof CheckResult>;

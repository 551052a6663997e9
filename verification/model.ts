/**
 * The words that all of the verification shares. What crosses a process boundary is a zod schema, and its type is
 * inferred from it; the rest are plain types. What is asked: request.ts. What is told: report/model.ts.
 */
import { z } from "zod";
import { Backend, Path } from "../netfilter/model.ts";

/**
 * What kube-proxy writes; "unknown" where no node's rules could be read, "none" where they could, and nothing of
 * kube-proxy's is on any node: something else serves Services.
 */
export const ProxyMode = z.enum(["iptables", "nftables", "none", "unknown"]);
export type ProxyMode = z.infer<typeof ProxyMode>;

export const TargetKind = z.enum(["nodePort", "podIp", "clusterIp", "serviceDns"]);
export type TargetKind = z.infer<typeof TargetKind>;

/** Where a request goes; `address` is "host:port". */
export const Target = z.object({ kind: TargetKind, address: z.string(), node: z.string().optional() });
export type Target = z.infer<typeof Target>;

/** How a request ended; the classes are those of the Kubernetes end-to-end tests' `agnhost connect`, and HTTP errors. */
export const Outcome = z.enum(["ok", "timeout", "refused", "dns", "http", "other"]);
export type Outcome = z.infer<typeof Outcome>;

/** What must happen: any one of `podIps`, on any of `nodes`, may answer, and must see `clientIp`; absent: not known before. */
export const Expected = z.object({
	outcome: Outcome,
	nodes: z.array(z.string()).optional(),
	podIps: z.array(z.string()).optional(),
	clientIp: z.string().optional(),
});
export type Expected = z.infer<typeof Expected>;

export const Observed = z.object({
	outcome: Outcome,
	/** The answer as it came, at most 1,000 characters; where there was none, what the client's program said. */
	body: z.string().optional(),
	node: z.string().optional(),
	podIp: z.string().optional(),
	clientIp: z.string().optional(),
	milliseconds: z.number().optional(),
});
export type Observed = z.infer<typeof Observed>;

/** One client asking one target. External: through a NodePort; internal: through the Service's or the pod's port. */
export const Cell = z.object({
	client: z.string(),
	scope: z.enum(["external", "internal"]),
	target: Target,
	expected: Expected,
	observed: Observed,
	ok: z.boolean(),
	/** Repeats this probe when pasted into a shell. */
	command: z.string(),
});
export type Cell = z.infer<typeof Cell>;

/** What one node's kernel would do with a packet of the lab's client to this node's nodePort. */
export const NodeRules = z.object({
	node: z.string(),
	backend: Backend,
	/** The raw lines that name the Service, and those of the chains that they lead to. */
	rules: z.array(z.string()),
	paths: z.array(Path.pick({ probability: true, hops: true })),
});
export type NodeRules = z.infer<typeof NodeRules>;

/** The terms that all of verification/ shares. Data that crosses a process boundary is a zod schema. */
import { z } from "zod";
import { Backend, Family, Path, Protocol } from "../netfilter/model.ts";

/** An argument vector; relative paths in it start at the project's folder. */
export const Command = z.array(z.string()).min(1);
export type Command = z.infer<typeof Command>;

/** "unknown": no node's rules could be read. "none": they could, and none of them are kube-proxy's. */
export const ProxyMode = z.enum(["iptables", "nftables", "none", "unknown"]);
export type ProxyMode = z.infer<typeof ProxyMode>;

export const TargetKind = z.enum(["nodePort", "podIp", "clusterIp", "serviceDns"]);
export type TargetKind = z.infer<typeof TargetKind>;

/** A Service as packets of one family and protocol meet it. Both are absent in reports of a lab that had only IPv4 and TCP. */
export const viewFields = { family: Family.optional(), protocol: Protocol.optional() };

/** Where a request goes; `address` is "host:port". */
export const Target = z.object({ kind: TargetKind, address: z.string(), node: z.string().optional(), ...viewFields });
export type Target = z.infer<typeof Target>;

/** How a request ended: the classes of the Kubernetes end-to-end tests' `agnhost connect`, and HTTP errors. */
export const Outcome = z.enum(["ok", "timeout", "refused", "dns", "http", "other"]);
export type Outcome = z.infer<typeof Outcome>;

/** Any of `podIps` on any of `nodes` may answer, and must see `clientIp`. An absent field isn't known beforehand. */
export const Expected = z.object({
	outcome: Outcome,
	nodes: z.array(z.string()).optional(),
	podIps: z.array(z.string()).optional(),
	clientIp: z.string().optional(),
});
export type Expected = z.infer<typeof Expected>;

export const Observed = z.object({
	outcome: Outcome,
	/** At most 1,000 characters of the answer or, without one, of the client program's error. */
	body: z.string().optional(),
	node: z.string().optional(),
	podIp: z.string().optional(),
	clientIp: z.string().optional(),
	milliseconds: z.number().optional(),
});
export type Observed = z.infer<typeof Observed>;

/** One client's request to one target. External: through a NodePort. Internal: through the Service's or the pod's port. */
export const Cell = z.object({
	client: z.string(),
	scope: z.enum(["external", "internal"]),
	target: Target,
	expected: Expected,
	observed: Observed,
	ok: z.boolean(),
	/** Repeats this request when pasted into a shell. */
	command: z.string(),
});
export type Cell = z.infer<typeof Cell>;

/**
 * One node's rules of the Service in one family and protocol, and the paths of a packet from the first client to this node's
 * nodePort. The first entry of a node is for the Service's first family and protocol.
 */
export const NodeRules = z.object({
	node: z.string(),
	...viewFields,
	backend: Backend,
	/** The raw rules that name the Service, and those of the chains that they lead to. */
	rules: z.array(z.string()),
	paths: z.array(Path.pick({ probability: true, hops: true })),
});
export type NodeRules = z.infer<typeof NodeRules>;

/** What couldn't be read or isn't evaluated, so that a diagnosis is narrower. report/diagnosis/gapText.ts makes the sentences. */
import { z } from "zod";
import { Family, RuleSource } from "../../netfilter/model.ts";
import type { Refusal } from "./clusterSource.ts";

/** What is read, and what is missing if it can't be. */
export const Subject = z.enum([
	"endpointSlices",
	"pods",
	"nodes",
	"kubeProxyPods",
	"kubeProxyConfig",
	"kubeProxyLog",
	"ciliumConfig",
	"networkPolicies",
	"hostPorts",
	"rules",
	/** Rules next to those that serve the Service: of another back end, or of nft. */
	"otherRules",
	/** Interfaces and routes of a node. */
	"network",
	/** The clients that session affinity remembers in iptables mode. */
	"recent",
	/** The sets that rules of iptables ask for. */
	"ipset",
	"conntrack",
	"listeners",
	/** Requests of --probe. */
	"requests",
]);
export type Subject = z.infer<typeof Subject>;

const text = z.string();

/** Why. Messages are those of the API server and of programs. */
export const GapCause = z.discriminatedUnion("kind", [
	/** The user lacks the right. */
	z.object({ kind: z.literal("forbidden"), message: text }),
	z.object({ kind: z.literal("failed"), message: text }),
	/** The bundle doesn't contain it. */
	z.object({ kind: z.literal("notCollected") }),
	z.object({ kind: z.literal("invalid"), field: text, message: text }),
	/** The pod doesn't have the program. */
	z.object({ kind: z.literal("noProgram"), program: text }),
	/** The program ended with this code, and printed no reason. */
	z.object({ kind: z.literal("exitCode"), program: text, code: z.int() }),
	/** The program's output isn't complete. */
	z.object({ kind: z.literal("incomplete"), program: text, reason: text }),
	/** The rules of the nodes that were read before are this long: there is no memory for more. */
	z.object({ kind: z.literal("tooLarge"), characters: z.int() }),
	/** The node has no kube-proxy pod. */
	z.object({ kind: z.literal("noProxyPod") }),
	/** No node has one: it may be part of another process, as in k3s. */
	z.object({ kind: z.literal("noProxyPods") }),
	/** kube-proxy's mode has no rules to read. */
	z.object({ kind: z.literal("proxyMode"), mode: text }),
	/** The program serves Services, and drops packets, by eBPF. */
	z.object({ kind: z.literal("ebpf"), agent: text }),
	/** The node has no InternalIP of the family. */
	z.object({ kind: z.literal("noNodeAddress") }),
	/** The client can't send packets of the family. */
	z.object({ kind: z.literal("noRoute"), client: text }),
	/** The client's container has none of the programs that send such requests, or exec isn't allowed. */
	z.object({ kind: z.literal("noClientProgram"), client: text, programs: z.array(text) }),
	/** The objects changed while they were read. */
	z.object({ kind: z.literal("changing") }),
	/** Nothing available sends packets of the protocol and reports the answer. */
	z.object({ kind: z.literal("protocol"), protocol: text }),
]);
export type GapCause = z.infer<typeof GapCause>;

export const Gap = z.object({
	subject: Subject,
	/** The node, if it concerns only one. */
	node: text.optional(),
	/** The address family, if it concerns only one of the Service's. */
	family: Family.optional(),
	/** The place of rules that couldn't be read; or of what they depend on: remembered clients ("recent"), sets ("ipset"). */
	source: z.enum([...RuleSource.options, "recent", "ipset"]).optional(),
	cause: GapCause,
});
export type Gap = z.infer<typeof Gap>;

export const causeOfRefusal = ({ kind, message }: Refusal): GapCause =>
	kind === "notCollected" ? { kind } : { kind, message };

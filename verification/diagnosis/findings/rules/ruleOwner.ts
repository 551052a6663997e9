/** Who wrote the rule of a hop. Names of chains, tables and comments show it (netfilter/owners.ts); sometimes only its text does. */
import { z } from "zod";
import type { Hop } from "../../../../netfilter/model.ts";

/** The program's name, such as "firewalld"; "kernel": a setting; "unknown": no known program writes such a rule. */
export const RuleOwner = z.string();
export type RuleOwner = z.infer<typeof RuleOwner>;

/** Rules in chains that several programs use. */
const texts: [RegExp, RuleOwner][] = [
	// Docker 28 and later drops packets to a container's address that don't come through its bridge.
	[/ ! -i (docker0|br-[0-9a-f]{12}) .*-j DROP$/, "Docker"],
];

export function ownerOf({ table, rule, owner }: Pick<Hop, "table" | "rule" | "owner">): RuleOwner {
	if (table === "kernel") return "kernel";
	return owner ?? texts.find(([pattern]) => pattern.test(rule))?.[1] ?? "unknown";
}

/** Programs that enforce NetworkPolicies: what they stop, somebody may have forbidden on purpose. */
const policyEngines = [
	"Calico",
	"Cilium",
	"Antrea",
	"kube-router",
	"Weave Net",
	"AWS VPC CNI",
	"OVN-Kubernetes",
	"kube-network-policies",
];

export const isPolicyEngine = (owner: RuleOwner): boolean => policyEngines.includes(owner);

/** Those whose rules are part of how Kubernetes serves a Service. */
export const isKubernetes = (owner: RuleOwner): boolean =>
	["kube-proxy", "kubelet", "kindnet", "kernel"].includes(owner);

/** Recognizes which kube-proxy serves a node's Services by its rules, and what another one has left. */

import type { Backend } from "../../netfilter/model.ts";
import type { Leftovers, ReadProblem } from "../nodeProblem.ts";
import { type FamilyRules, type NodeRules, proxyChain } from "./readNodeRules.ts";
import type { Saved } from "./ruleOutputs.ts";

export interface ProxyRules {
	backend: Backend;
	/** Of iptables: the output that has kube-proxy's rules. */
	saved?: Saved;
	leftovers: Leftovers[];
}

/** Chains that kube-proxy writes only in these modes (pkg/proxy/ipvs/proxier.go, and pkg/proxy/userspace until 1.25). */
const otherModes = {
	ipvs: /^:(KUBE-(?:NODE-PORT|LOAD-BALANCER|IPVS-FILTER|IPVS-OUT-FILTER|SOURCE-RANGES-FIREWALL)) /m,
	userspace: /^:(KUBE-(?:PORTALS|NODEPORT)-(?:CONTAINER|HOST)) /m,
};

/** The other modes have KUBE-SERVICES or KUBE-NODEPORT-… too, but not this chain. */
const ofIptablesMode = ":KUBE-NODEPORTS ";

/** The rules that serve Services, or why there are none. */
export function recognizeProxy({ families: [rules], nft, nftError }: NodeRules): ProxyRules | ReadProblem {
	if (!rules) return { kind: "noProxyRules", leftovers: false };
	const { usual, other, backend } = rules;
	const candidates: [Backend, Saved][] = [
		[backend, usual],
		[otherOf(rules), other],
	];
	const leftovers = candidates.flatMap(([backend, { text }]): Leftovers[] => {
		const [, chain] = proxyChain.exec(text) ?? [];
		return chain === undefined ? [] : [{ backend, chain }];
	});
	// In nftables mode kube-proxy removes what iptables mode has left, but only from the back end that its image selects.
	if (nft.tables.some(({ name }) => name === "kube-proxy")) return { backend: "nftables", leftovers };
	for (const [backend, saved] of candidates) {
		const other = otherModeOf(saved.text);
		if (other) return other;
		if (!saved.text.includes(":KUBE-SERVICES ")) continue;
		const missing = missingChain(saved);
		return missing ?? { backend, saved, leftovers: leftovers.filter((one) => one.backend !== backend) };
	}
	return nftError?.finding.problem ?? { kind: "noProxyRules", leftovers: leftovers.length > 0 };
}

const otherOf = ({ backend }: FamilyRules): Backend =>
	backend === "iptables-nft" ? "iptables-legacy" : "iptables-nft";

function otherModeOf(text: string): ReadProblem | undefined {
	if (text.includes(ofIptablesMode)) return undefined;
	for (const mode of ["ipvs", "userspace"] as const) {
		const [, chain] = otherModes[mode].exec(text) ?? [];
		if (chain !== undefined) return { kind: "otherProxyMode", mode, chain };
	}
	return undefined;
}

function missingChain({ tables: { tables } }: Saved): ReadProblem | undefined {
	const chain = "KUBE-SERVICES";
	const table = ["nat", "filter"].find((table) => !tables.get(table)?.chains.has(chain));
	return table === undefined ? undefined : { kind: "missingChain", chain, table };
}

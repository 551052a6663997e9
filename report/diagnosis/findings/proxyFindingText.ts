/** Findings about kube-proxy, and what serves Services in its place, in words. */
import type { FindingOf } from "../../../verification/diagnosis/diagnosisFinding.ts";
import { readText } from "../../traceText.ts";
import { familyName } from "../../views/viewText.ts";
import type { FindingWords } from "./findingWords.ts";

export function otherProxyText({ agents, serves }: FindingOf<"otherProxy">): FindingWords {
	const who = agents.length > 0 ? agents.join(" or ") : "another program";
	const instead = `${who} serves Services instead of kube-proxy`;
	switch (serves) {
		case "label":
			return {
				title: instead,
				evidence: ["the Service's label service.kubernetes.io/service-proxy-name says so; the predictions are missing"],
			};
		case "instead":
			return {
				title: instead,
				evidence: ["no node runs a kube-proxy pod, so there are no rules to read; the predictions are missing"],
			};
		case "beforeProxy":
			return {
				title: `${who} serves Services before kube-proxy's rules see their packets`,
				evidence: [
					"its kube-proxy-replacement is on, and kube-proxy runs too; the predictions follow kube-proxy's rules only",
				],
				advice: "compare with cilium-dbg service list in a pod of Cilium",
			};
		case "podClients":
			return {
				title: `${who} serves pods' requests to ClusterIPs, next to kube-proxy`,
				evidence: ["for pods, the predictions follow kube-proxy's rules, which these packets may bypass"],
			};
	}
}

export function unusableText({ node, family, problem }: FindingOf<"unusableRules">): FindingWords {
	if (family === undefined) {
		return { title: `the rules of ${node} can't serve a Service`, evidence: [readText(problem)] };
	}
	return {
		title: `the ${familyName(family)} rules of ${node} can't serve a Service`,
		evidence: [readText(problem), "its rules of the other address family serve Services"],
		advice: `check that the node supports ${familyName(family)}: kube-proxy's log says why it serves one family only`,
	};
}

export function proxyText({ node, state, logLine }: FindingOf<"proxyNotRunning">): FindingWords {
	const { pod, phase, reason, restarts } = state;
	return {
		title: `kube-proxy doesn't run on ${node}`,
		evidence: [
			`pod ${pod} is ${reason ?? phase}, with ${restarts} restarts; the node's rules aren't updated`,
			...(logLine === undefined ? [] : [`its log: ${logLine}`]),
		],
	};
}

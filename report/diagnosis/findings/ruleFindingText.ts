/** Findings about rules in words. */
import type { FindingOf } from "../../../verification/diagnosis/diagnosisFinding.ts";
import { outcomeOf } from "../../../verification/journey/journey.ts";
import type { End } from "../../../verification/journey/model.ts";
import { familyName } from "../../views/viewText.ts";
import { clientName, targetName } from "../clientText.ts";
import { type FindingWords, nodeNames, portText } from "./findingWords.ts";
import { ownerFix, ownerName } from "./ownerText.ts";

export function nodeRulesText({ nodes, port, family, problem, proxyPod }: FindingOf<"nodeRules">): FindingWords {
	const where = nodeNames(nodes);
	const restart = proxyPod === undefined ? "check the logs of kube-proxy on these nodes" : undefined;
	const advice = restart === undefined ? {} : { advice: restart };
	const what = `kube-proxy's ${family === undefined ? "" : `${familyName(family)} `}rules on ${where}`;
	switch (problem.kind) {
		case "missing":
			return {
				title: `${what} don't serve ${portText(port)}`,
				evidence: ["no rule translates its packets"],
				...advice,
			};
		case "noEndpoints":
			return {
				title: `${what}: no endpoint for ${portText(port)}`,
				evidence: [`the API lists the endpoints ${problem.expected.join(", ")}`],
				...advice,
			};
		case "outdated":
			return {
				title: `${what} send ${portText(port)} to addresses that aren't the Service's endpoints`,
				evidence: [`they send it to ${problem.observed.join(", ")}; the endpoints are ${problem.expected.join(", ")}`],
				...advice,
			};
		case "otherService":
			return {
				title: `${what} send ${portText(port)} to Service ${problem.service}`,
				evidence: ["another Service has the same address or nodePort in these rules"],
				...advice,
			};
	}
}

export function foreignRuleText(finding: FindingOf<"foreignRule">): FindingWords {
	const { nodes, owner, effect, rule, example, isExampleOnly, requests } = finding;
	const who = `a rule of ${ownerName(owner)} on ${nodeNames(nodes)}`;
	const titles = {
		drop: `${who} drops the packets`,
		reject: `${who} rejects the packets`,
		translate: `${who} sends the packets elsewhere`,
		masquerade: `${who} hides the client's address from the pod`,
	};
	const detail =
		effect.kind === "translate"
			? `, to ${effect.to}`
			: effect.kind === "reject"
				? `, with ${effect.with}`
				: effect.kind === "masquerade"
					? `: the pod sees ${effect.clientIp}`
					: "";
	const count = requests === 1 ? "" : `; ${requests} of the predicted requests match this rule`;
	const { address } = example.target;
	const port = `${address.slice(address.lastIndexOf(":") + 1)}/${example.target.protocol}`;
	return {
		title: titles[effect.kind],
		evidence: [
			`table ${rule.table}, chain ${rule.chain}: ${rule.rule}`,
			`example: ${clientName(example.client)} -> ${targetName(example.target)}${detail}${count}`,
		],
		advice: isExampleOnly
			? `predict for a real client with --client <address>: the rule may accept it; otherwise, ${ownerFix(owner, port)}`
			: ownerFix(owner, port),
	};
}

/** kube-proxy itself answers health checks. */
function expectedText({ kind, readyEndpoints = 0 }: FindingOf<"probe">["target"], predicted: readonly End[]): string {
	if (kind === "healthCheck") return readyEndpoints > 0 ? "status 200" : "status 503";
	return [...new Set(predicted.map(outcomeOf))].join(" or ");
}

export function probeText({ client, target, predicted, observed, detail, requests }: FindingOf<"probe">): FindingWords {
	const expected = expectedText(target, predicted);
	return {
		title: `${client} -> ${targetName(target)}: measured ${observed}, predicted ${expected}`,
		evidence: [
			"the cause lies outside the rules of the nodes: a cloud firewall, a security group, a route, or the pod itself",
			...(requests === 1 ? [] : [`${requests} requests of this client had this result`]),
			...(detail === undefined ? [] : [detail]),
		],
	};
}

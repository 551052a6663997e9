/** What the predicted journeys show about the rules: those of others that come first, and kube-proxy's that are wrong. */
import type { Endpoint } from "../../../../kubernetes/snapshot.ts";
import type { ServiceReading } from "../../../../kubernetes/source/serviceReading.ts";
import { withPort } from "../../../../netfilter/address.ts";
import type { Hop } from "../../../../netfilter/model.ts";
import { roleOf } from "../../../../netfilter/roles.ts";
import type { Branch, Leg } from "../../../journey/journey.ts";
import type { ForeignEffect, NodeRulesProblem, WeighedFinding } from "../../diagnosisFinding.ts";
import type { PredictedRequest } from "../../prediction/prediction.ts";
import { portReference } from "../../serviceViews.ts";
import { mergeFindings } from "../mergeFindings.ts";
import { expectedEndpoints, isLocalOnly, mayBePart } from "./expectedEndpoints.ts";
import { isKubernetes, isPolicyEngine, ownerOf } from "./ruleOwner.ts";

/** @param isServed whether kube-proxy serves nodePorts on the node */
export function ruleFindings(
	requests: readonly PredictedRequest[],
	{ endpointSlices, proxyConfig }: Pick<ServiceReading, "endpointSlices" | "proxyConfig">,
	isServed: (node: string) => boolean,
): WeighedFinding[] {
	// Without kube-proxy's configuration, its nodePortAddresses may exclude the node.
	const certainty = proxyConfig === undefined ? ("suspect" as const) : ("cause" as const);
	const found = requests.flatMap((request) =>
		request.branches.flatMap((branch) => {
			const one = findingOf(request, branch, isServed);
			if (!one) return [];
			const isMissing = one.finding.kind === "nodeRules" && one.finding.problem.kind === "missing";
			return isMissing && request.prediction.target.kind === "nodePort" ? { ...one, weight: certainty } : one;
		}),
	);
	// Without the endpoints it isn't known where rules must lead.
	return mergeFindings([...found, ...(endpointSlices === undefined ? [] : outdatedRules(requests))]);
}

/** What is wrong with this branch of the request's journey, if anything is. */
function findingOf(
	request: PredictedRequest,
	branch: Branch,
	isServed: (node: string) => boolean,
): WeighedFinding | undefined {
	const { end, legs } = branch;
	if (request.prediction.target.kind === "healthCheck") return stoppedCheck(request, branch);
	const translation = foreignTranslation(legs);
	if (translation && !isEndpoint(request, end)) {
		const { leg, hop } = translation;
		return foreign(request, leg, hop, { kind: "translate", to: hop.to ?? "" });
	}
	switch (end.kind) {
		case "drop":
		case "reject":
			return stopped(request, branch);
		case "pod":
			return isEndpoint(request, end) ? rewritten(request, branch) : misled(request, branch);
		case "node":
		case "unreachable":
			return unserved(request, branch, isServed);
		case "loopback":
		case "unknown":
			return undefined;
	}
}

/** A rule of somebody else stops the packet, the kernel doesn't forward it, or kube-proxy's rules know no endpoint. */
function stopped(request: PredictedRequest, { legs, end }: Branch): WeighedFinding | undefined {
	const leg = legs.at(-1);
	const hop = leg?.path.hops.at(-1);
	if (!leg || !hop) return undefined;
	const owner = ownerOf(hop);
	if (hop.setting) return { weight: "cause", finding: { kind: "sysctl", nodes: [leg.node], ...hop.setting } };
	if (owner !== "kube-proxy") {
		return foreign(request, leg, hop, stopEffect(end));
	}
	const role = roleOf(hop.chain, hop.table);
	const expected = expectedEndpoints(request);
	const saysNone = role === "noEndpoints" || role === "reject" || /has no (local )?endpoints/.test(hop.rule);
	if (!saysNone || expected.length === 0 || (end.kind === "drop" && isLocalOnly(request, leg.node))) return undefined;
	return rulesFinding(request, leg.node, { kind: "noEndpoints", expected: expected.map(addressOf) });
}

/** A load balancer whose health checks get no answer takes the node for broken. */
function stoppedCheck(request: PredictedRequest, { legs, end }: Branch): WeighedFinding | undefined {
	const leg = legs.at(-1);
	const hop = leg?.path.hops.at(-1);
	if ((end.kind !== "drop" && end.kind !== "reject") || !leg || !hop || hop.setting) return undefined;
	return foreign(request, leg, hop, stopEffect(end));
}

export const stopEffect = (end: Branch["end"]): ForeignEffect =>
	end.kind === "reject" ? { kind: "reject", with: end.with } : { kind: "drop" };

/** The rules that lead to the pod belong to another Service. */
function misled(request: PredictedRequest, { legs }: Branch): WeighedFinding | undefined {
	const leg = legs.find(isTranslating);
	const served = leg?.path.hops.findLast(({ object }) => object?.kind === "Service")?.object;
	const { namespace, name } = request.view.snapshot.service;
	if (!leg || !served || (served.name === name && served.namespace === namespace)) return undefined;
	return rulesFinding(request, leg.node, { kind: "otherService", service: `${served.namespace}/${served.name}` });
}

const isTranslating = ({ path }: Leg): boolean => path.hops.some(({ effect }) => effect === "dnat");

/** No rule translates the destination. */
function unserved(
	request: PredictedRequest,
	{ legs }: Branch,
	isServed: (node: string) => boolean,
): WeighedFinding | undefined {
	const { client, target } = request.prediction;
	// Whether a nodePort is served on the loopback address depends on kube-proxy's mode and settings.
	if (client.kind === "loopback") return undefined;
	const node = target.kind === "nodePort" ? target.node : legs[0]?.node;
	if (node === undefined || (target.kind === "nodePort" && !isServed(node))) return undefined;
	if (legs.some(isTranslating)) return undefined;
	return rulesFinding(request, node, { kind: "missing" });
}

/** externalTrafficPolicy Local keeps the client's address; somebody else's rule rewrites it. */
function rewritten(request: PredictedRequest, { legs, end }: Branch): WeighedFinding | undefined {
	const { client, target } = request.prediction;
	const keeps = request.view.snapshot.service.externalTrafficPolicy === "Local" && target.kind !== "clusterIp";
	if (!keeps || client.kind !== "outside" || end.kind !== "pod" || end.clientIp === client.address) return undefined;
	for (const leg of legs) {
		const hop = leg.path.hops.find(({ effect }) => effect === "masquerade" || effect === "snat");
		if (hop && !isKubernetes(ownerOf(hop)))
			return foreign(request, leg, hop, { kind: "masquerade", clientIp: end.clientIp });
	}
	return undefined;
}

function foreignTranslation(legs: readonly Leg[]): { leg: Leg; hop: Hop } | undefined {
	for (const leg of legs) {
		const hop = leg.path.hops.find((hop) => hop.effect === "dnat" && !isKubernetes(ownerOf(hop)));
		if (hop) return { leg, hop };
	}
	return undefined;
}

export function foreign(request: PredictedRequest, { node }: Leg, hop: Hop, effect: ForeignEffect): WeighedFinding {
	const { client, target } = request.prediction;
	const { table, chain, rule } = hop;
	const owner = ownerOf(hop);
	const isStopping = effect.kind === "drop" || effect.kind === "reject";
	// Rules before this one may accept the packets of real clients.
	const isExampleOnly = isStopping && client.isExample === true;
	const isUncertain = isExampleOnly || (isStopping && isPolicyEngine(owner));
	return {
		weight: isUncertain ? "suspect" : "cause",
		finding: {
			kind: "foreignRule",
			nodes: [node],
			owner,
			effect,
			rule: { table, chain, rule },
			example: { client, target },
			...(isExampleOnly && { isExampleOnly }),
			requests: 1,
		},
	};
}

function rulesFinding({ view }: PredictedRequest, node: string, problem: NodeRulesProblem): WeighedFinding {
	const proxy = view.snapshot.kubeProxies.get(node);
	const proxyPod = proxy && "exec" in proxy ? proxy.exec.pod : undefined;
	const finding = {
		kind: "nodeRules" as const,
		nodes: [node],
		port: portReference(view.port),
		...(view.isDualStack && { family: view.family }),
		problem,
		...(proxyPod !== undefined && { proxyPod }),
	};
	return { weight: "cause", finding };
}

const addressOf = ({ ip, port }: Endpoint): string => withPort(ip, port);

/** The address that the rules lead to, also if what happens there isn't known. */
function destinationOf(end: Branch["end"]): { address: string; port: number } | undefined {
	if (end.kind === "unknown") return end.to;
	return end.kind === "pod" ? end : undefined;
}

function isEndpoint({ view }: PredictedRequest, end: Branch["end"]): boolean {
	const to = destinationOf(end);
	return to !== undefined && view.snapshot.endpoints.some(({ ip, port }) => ip === to.address && port === to.port);
}

/** The node's rules lead to an address that is no endpoint, or to only some of the endpoints. */
function outdatedRules(requests: readonly PredictedRequest[]): WeighedFinding[] {
	return requests.flatMap((request): WeighedFinding[] => {
		const { view, branches, prediction } = request;
		if (prediction.target.kind === "healthCheck") return [];
		const leg = branches[0]?.legs.find(isTranslating);
		// Of rules that nobody can evaluate, nothing is known; what others translate is another finding.
		const destinations = branches.flatMap(({ end }) => destinationOf(end) ?? []);
		if (!leg || destinations.length < branches.length) return [];
		if (branches.some(({ legs }) => foreignTranslation(legs)) || branches.some((branch) => misled(request, branch)))
			return [];
		const observed = [...new Set(destinations.map(({ address, port }) => withPort(address, port)))].sort();
		const usable = view.snapshot.endpoints.map(addressOf);
		const expected = expectedEndpoints(request).map(addressOf).sort();
		const isStale = observed.some((one) => !usable.includes(one));
		const isPart = !mayBePart(request) && expected.some((one) => !observed.includes(one));
		return isStale || isPart ? [rulesFinding(request, leg.node, { kind: "outdated", expected, observed })] : [];
	});
}

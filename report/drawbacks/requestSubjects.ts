/** Which requests and datagrams were measured, as text. */
import type { MeasuredSubject } from "../../verification/experiments/model.ts";
import { familyName } from "../views/viewText.ts";

type Families = Pick<Extract<MeasuredSubject, { kind: "request" }>, "ipFamilyPolicy" | "families">;

/** "ipFamilyPolicy SingleStack", "ipFamilies IPv4" */
export const familySettings = ({ ipFamilyPolicy, families }: Families): string[] => [
	...(ipFamilyPolicy ? [`ipFamilyPolicy ${ipFamilyPolicy}`] : []),
	...(families ? [`ipFamilies ${families.map(familyName).join(", ")}`] : []),
];

export const conditions = {
	ownNode: ", the pod's own node",
	stopped: ", which was just stopped",
	notReady: ", which is NotReady",
	terminating: ", whose only pod terminates and still serves",
	podStopped: ", whose only pod has ended",
};

export const conditionText = (condition?: keyof typeof conditions): string =>
	condition === undefined ? "" : conditions[condition];

export function requestText(request: Extract<MeasuredSubject, { kind: "request" }>): string {
	const { client, clientIp, node, address, condition, policy, proxyMode, nodePortAddresses, families } = request;
	const settings = [
		...familySettings(request),
		...(policy ? [`policy ${policy}`] : []),
		...(proxyMode ? [`${proxyMode} mode`] : []),
		...(nodePortAddresses ? [`nodePortAddresses ${nodePortAddresses.join(", ")}`] : []),
	];
	const to = client === node ? `its own address ${address}` : families ? `${node}'s address ${address}` : node;
	const from = `${client}${clientIp === undefined ? "" : ` (${clientIp})`}`;
	return `${settings.length > 0 ? `${settings.join(", ")}: ` : ""}${from} to ${to}${conditionText(condition)}`;
}

export function affinityText(subject: Extract<MeasuredSubject, { kind: "affinity" }>): string {
	const { client, clientIp, node, seenAs, remembered, requests } = subject;
	const from = `${requests} request${requests === 1 ? "" : "s"} of ${client}${clientIp === undefined ? "" : ` (${clientIp})`}`;
	const memory = remembered === undefined ? "doesn't remember it" : `remembers it since a request of ${remembered}`;
	return `${from} through ${node}, which sees ${seenAs} and ${memory}`;
}

export const rolloutChanges = { stopFirst: "the only pod is replaced", scaleDown: "one of two pods is removed" };

export const rolloutText = ({ node, change, servesOn }: Extract<MeasuredSubject, { kind: "rollout" }>): string =>
	`requests through ${node} while ${rolloutChanges[change]}, which ${servesOn ? "serves on while it terminates (preStop)" : "stops at once"}`;

const serviceChanges = {
	nodePortAdded: "after the Service got its nodePort",
	entryDeleted: "after the entry in conntrack was deleted",
	endpointRemoved: "after the only endpoint was removed",
	endpointAdded: "after another endpoint was added",
	serviceRemoved: "after the Service was removed",
};

export function datagramText(subject: Extract<MeasuredSubject, { kind: "datagram" }>): string {
	const { client, node, address, condition, sourcePort, trackedTo } = subject;
	const port = sourcePort === undefined ? "a new source port" : `the kept source port ${sourcePort}`;
	const entry = trackedTo === undefined ? "" : `, which conntrack on ${node} sends to ${trackedTo}`;
	return `${client} to ${address} from ${port}${entry}, ${serviceChanges[condition]}`;
}

export function distributionText({
	entries,
	replicas,
	ownNode,
}: Extract<MeasuredSubject, { kind: "distribution" }>): string {
	if (entries.length > 1) return `an equal part of the requests through each of ${entries.join(", ")}`;
	const through = `through ${entries[0]}`;
	if (replicas > 1) return `${replicas} replicas, one on each of ${replicas} nodes, ${through}`;
	return ownNode ? `${through}, the pod's own node` : through;
}

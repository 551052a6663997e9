/** Compares a request's result with two predictions: from the API objects, and from the nodes' rules. */
import type { Service } from "../../kubernetes/model.ts";
import type { ClusterSnapshot } from "../../kubernetes/snapshot.ts";
import type { RequestFinding } from "../findings.ts";
import { destinationOf } from "../journey/destination.ts";
import { type Branch, journeyOf, observationOf } from "../journey/journey.ts";
import type { End } from "../journey/model.ts";
import type { Cell, Expected, Observed } from "../model.ts";
import { agrees, type MeasuredRequest } from "../probe.ts";
import type { Ruleset } from "../ruleset.ts";

export interface Judged {
	cell: Cell;
	finding?: RequestFinding;
}

/**
 * The result must agree with the API objects, and with the rules on every branch of the packet's journey. Rules that
 * couldn't be read contradict nothing; rules that were read but can't be evaluated do.
 */
export function judge(
	snapshot: ClusterSnapshot,
	rulesets: ReadonlyMap<string, Ruleset>,
	{ cell: measured, command }: MeasuredRequest,
): Judged {
	const ends = requestJourney(snapshot, rulesets, measured).map(({ end }) => end);
	const { client, target, expected, observed } = measured;
	// Another CNI's rules may be beyond the walk: then an unknown end contradicts nothing.
	const known = ends.filter((end) => end.kind !== "unknown" || (rulesets.has(end.node) && !snapshot.foreignNetwork));
	const ok =
		agrees(expected, observed) &&
		known.every((end) => end.kind !== "unknown" && agrees(expected, observationOf(end))) &&
		(known.length < ends.length ||
			(reachAll(known, expected, snapshot.service) && known.some((end) => explains(snapshot, end, observed))));
	const cell: Cell = { ...measured, ok };
	if (ok) return { cell };
	const unique = new Map(ends.map((end) => [JSON.stringify(end), end]));
	const predicted = [...unique.values()];
	return { cell, finding: { kind: "request", client, target, expected, predicted, observed, repeat: command } };
}

/** The journey of the request's first packet over all nodes. */
export function requestJourney(
	snapshot: ClusterSnapshot,
	rulesets: ReadonlyMap<string, Ruleset>,
	{ client, target }: Pick<Cell, "client" | "target">,
): Branch[] {
	const place = snapshot.clients.find(({ name }) => name === client)?.place ?? { network: "outside" };
	return journeyOf(snapshot, rulesets, place, destinationOf(snapshot, target.address));
}

/** Whether the rules lead to each pod that may answer; session affinity may lead a client to only one of them. */
function reachAll(ends: readonly End[], { podIps = [] }: Expected, { sessionAffinity }: Service): boolean {
	const reached = ends.flatMap((end) => (end.kind === "pod" ? end.address : []));
	return sessionAffinity === "ClientIP" || podIps.every((ip) => reached.includes(ip));
}

/** Whether a branch with this end may be the one that was observed. */
function explains({ foreignNetwork }: ClusterSnapshot, end: End, observed: Observed): boolean {
	const { outcome, podIp, node, clientIp } = observationOf(end);
	return (
		outcome === observed.outcome &&
		podIp === observed.podIp &&
		node === observed.node &&
		(clientIp === observed.clientIp || foreignNetwork === true)
	);
}

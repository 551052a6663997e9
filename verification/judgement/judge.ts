/** Holds what was measured of a cell against what was predicted of it: by the API's objects, and by the nodes' rules. */

import type { Service } from "../../kubernetes/model.ts";
import type { ClusterSnapshot } from "../../kubernetes/snapshot.ts";
import { journeysText } from "../../report/journeyText.ts";
import { cellName } from "../../report/matrixText.ts";
import { parseDestination } from "../journey/destination.ts";
import { type End, type Journey, journeys, observationOf } from "../journey/journey.ts";
import type { Cell, Expected, Observed } from "../model.ts";
import { agrees, type MeasuredCell } from "../probe.ts";
import type { Difference } from "../report.ts";
import type { Ruleset } from "../ruleset.ts";

export interface Judged {
	cell: Cell;
	/** Where promise, rules and measurement are not one. */
	difference?: Difference;
}

/**
 * The three must be one: what the API's objects promise, where the rules lead on every way that the packet may take, and
 * what happened. Rules that could not be read contradict nothing; a way that the walk cannot tell, though they were, does.
 */
export function judge(
	snapshot: ClusterSnapshot,
	rulesets: ReadonlyMap<string, Ruleset>,
	measured: MeasuredCell,
): Judged {
	const ways = waysOf(snapshot, rulesets, measured);
	const ends = ways.map(({ end }) => end);
	const { expected, observed } = measured;
	// Another network's rules may be beyond the walk: it then says unknown and where, and contradicts nothing.
	const told = ends.filter((end) => end.kind !== "unknown" || (rulesets.has(end.node) && !snapshot.foreignNetwork));
	const isWhole = told.length === ends.length;
	const ok =
		agrees(expected, observed) &&
		told.every((end) => end.kind !== "unknown" && agrees(expected, observationOf(end))) &&
		(!isWhole || (reachAll(told, expected, snapshot.service) && told.some((end) => explains(snapshot, end, observed))));
	const cell: Cell = { ...measured, ok };
	if (ok) return { cell };
	const rules = [...new Set(ends.map(endLine))].join(" or ");
	return { cell, difference: { cell: cellName(cell), rules, path: journeysText(ways, snapshot) } };
}

/** The walk over all nodes of the request's first packet. */
export function waysOf(
	snapshot: ClusterSnapshot,
	rulesets: ReadonlyMap<string, Ruleset>,
	{ client, target }: Pick<Cell, "client" | "target">,
): Journey[] {
	const place = snapshot.clients.find(({ name }) => name === client)?.place ?? { network: "outside" };
	return journeys(snapshot, rulesets, place, parseDestination(snapshot, target.address));
}

/** Whether the rules lead to each of the pods that may answer; a node may remember which of them served the client. */
function reachAll(ends: readonly End[], { podIps = [] }: Expected, { sessionAffinity }: Service): boolean {
	const reached = ends.flatMap((end) => (end.kind === "pod" ? end.address : []));
	return sessionAffinity === "ClientIP" || podIps.every((ip) => reached.includes(ip));
}

/** Whether a way that ends so may be the one that was seen. */
function explains({ foreignNetwork }: ClusterSnapshot, end: End, observed: Observed): boolean {
	const { outcome, podIp, node, clientIp } = observationOf(end);
	return (
		outcome === observed.outcome &&
		podIp === observed.podIp &&
		node === observed.node &&
		(clientIp === observed.clientIp || foreignNetwork === true)
	);
}

/** "ok, from nodeport-worker, pod 10.244.1.2, seeing client 172.18.0.3" */
function endLine(end: End): string {
	const { outcome, node, podIp, clientIp } = observationOf(end);
	if (end.kind === "unknown") return `unknown on ${end.node}: ${end.reason}`;
	return podIp ? `${outcome}, from ${node}, pod ${podIp}, seeing client ${clientIp}` : outcome;
}

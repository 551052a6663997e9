/** What a run teaches, in sentences made from its own data: which client IP the pod saw, and who rewrote it. */
import { contains, parseAddress, parseRange } from "../../netfilter/address.ts";
import type { Cell } from "../../verification/model.ts";
import type { Report } from "../../verification/report.ts";
import { endText, recordedJourney } from "../journeyText.ts";
import { differing, targetAddress } from "../matrixText.ts";
import { stepsOf } from "../path/packetSteps.ts";
import { isSameView } from "../views/viewText.ts";

/** The index of the request that the page shows first: a failed one, else one that a pod answered through a nodePort. */
export function mainRequest({ connectivity, explained }: Report): number {
	const isExplained = ({ client, target }: Cell) =>
		client === explained?.client && target.address === explained.address && isSameView(target, explained);
	const isAnswered = ({ target, observed }: Cell) => target.kind === "nodePort" && observed.outcome === "ok";
	const wanted = [({ ok }: Cell) => !ok, (cell: Cell) => isExplained(cell) && isAnswered(cell), isAnswered];
	return wanted.map((test) => connectivity.findIndex(test)).find((index) => index >= 0) ?? 0;
}

/** The lesson of the whole run. */
export function lesson(report: Report): string[] {
	const cell = report.connectivity[mainRequest(report)];
	if (!cell) return ["No request was sent, so this run doesn't show which client IP a pod sees."];
	return [...requestLesson(report, cell), ...droppingNodes(report, cell)];
}

/** The lesson of one request: what happened, and the reason if it is known. */
export function requestLesson(report: Report, cell: Cell): string[] {
	const { ok, observed } = cell;
	if (!ok)
		return [
			`The request from ${cell.client} to ${targetAddress(cell.target)} didn't end as predicted: ${differing(cell)}.`,
			"The picture shows the path that the rules predict.",
		];
	if (observed.outcome !== "ok") return withoutAnswer(report, cell);
	if (observed.clientIp === undefined) return ["A pod answered. The answer doesn't contain the client IP that it saw."];
	return seenAddress(report, cell, observed.clientIp);
}

function withoutAnswer(report: Report, { client, target, observed }: Cell): string[] {
	const branches = recordedJourney(report, { client, target })?.branches ?? [];
	const [branch] = branches;
	if (!branch || branches.length > 1) return [`As predicted, no pod answered: ${observed.outcome}.`];
	const isDropped = branch.end.kind === "drop" && branch.end.node === target.node;
	const reason =
		isDropped && isWithoutEndpoint(report, target.node)
			? ["The node has no endpoint, and externalTrafficPolicy is Local."]
			: [];
	return [endText(branch.end), ...reason];
}

/** Whether policy Local makes the node drop requests from outside. */
const isWithoutEndpoint = ({ service, pods }: Report, node: string | undefined): boolean =>
	service.externalTrafficPolicy === "Local" && node !== undefined && pods.every((pod) => pod.node !== node);

function seenAddress(report: Report, cell: Cell, seen: string): string[] {
	const place = report.clients.find(({ name }) => name === cell.client)?.place;
	const name = cell.client === "outside" ? "the client outside" : cell.client;
	const rewrite = lastRewrite(report, cell);
	const unchanged = rewrite && !rewrite.node ? ": no rule changed the source address" : "";
	if (place?.ip === undefined) return [`The pod saw the client IP ${seen}.`];
	if (place.ip === seen) return [`The pod saw ${seen}, the address of ${name} itself${unchanged}.`];
	const owner = rewrite?.node ?? ownerOf(report, seen);
	const [by, because] = rewriter(report, cell, rewrite?.node);
	const why = by === "" ? unchanged : `: ${whoRewrote(by, rewrite, place.node)}`;
	if (place.network === "node" && owner === place.node)
		return [`The pod saw ${seen}, another address of ${name} (${place.ip})${why}.`];
	const what = owner === undefined ? "" : `, an address of ${owner}`;
	return [`The pod saw ${seen}${what}, not ${name} (${place.ip})${why}.`, ...because];
}

/** Who rewrote the source. The client's own node may have done it before. */
function whoRewrote(last: string, rewrite: SourceRewrite | undefined, clientNode: string | undefined): string {
	const isTwice = rewrite?.before !== undefined && rewrite.before === clientNode;
	return isTwice ? `its own node rewrote the source, then ${last} did` : `${last} rewrote the source`;
}

/** Which node it is, and why it does that. */
function rewriter({ clients }: Report, cell: Cell, node: string | undefined): [string, string[]] {
	const { client, target, observed } = cell;
	const place = clients.find(({ name }) => name === client)?.place;
	if (node === undefined) return ["", []];
	if (target.kind === "nodePort" && target.node === node) return ["the entry node", [entryReason]];
	if (place?.node !== node) return [node, []];
	if (place.ip === observed.podIp) return ["its own node", [hairpinReason]];
	return ["its own node", target.kind === "nodePort" ? [podNetworkReason] : []];
}

const entryReason =
	"So the reply comes back through the entry node: only conntrack there can undo the rewrite of the destination.";
const hairpinReason =
	"The pod called itself (hairpin): without the rewrite it would send the reply to itself, past the conntrack entry of its node.";
const podNetworkReason = "Outside the pod network, a pod appears with an address of its node.";

/** The node whose rules last changed the source of the packet that the pod got, and the node that did so before it. */
interface SourceRewrite {
	node?: string | undefined;
	before?: string | undefined;
}

/** undefined: the path isn't known. */
function lastRewrite(report: Report, { client, target, observed }: Cell): SourceRewrite | undefined {
	const journey = recordedJourney(report, { client, target });
	const branch = journey?.branches.find(
		({ end }) => end.kind === "pod" && end.address === observed.podIp && end.clientIp === observed.clientIp,
	);
	if (!journey || !branch) return undefined;
	const nodes = stepsOf(branch.legs, journey.hops).filter(({ steps }) =>
		steps.some(({ rewrite }) => rewrite?.field === "source" && rewrite.before !== rewrite.after),
	);
	const [last, before] = nodes.map(({ leg }) => leg.node).reverse();
	return { node: last, before };
}

/** The node that has the address, also in its own part of the pod network. */
function ownerOf({ nodes, pods, clients }: Report, ip: string): string | undefined {
	const named = nodes.find(({ internalIp }) => internalIp === ip);
	if (named) return named.name;
	if (pods.some((pod) => pod.ip === ip) || clients.some(({ place }) => place.ip === ip)) return undefined;
	const address = parseAddress(ip);
	return nodes.find(({ podCidr }) => {
		const range = parseRange(podCidr);
		return address && range && contains(range, address);
	})?.name;
}

/** With policy Local, most nodes don't answer. */
function droppingNodes(report: Report, { client }: Cell): string[] {
	const own = report.connectivity.filter(
		(cell) => cell.client === client && cell.target.kind === "nodePort" && cell.target.node,
	);
	const dropping = own.filter(
		({ ok, observed, target }) => ok && observed.outcome === "timeout" && isWithoutEndpoint(report, target.node),
	);
	if (dropping.length === 0) return [];
	const who = dropping.length === 1 ? "drops the request: it has no" : "drop the request: they have no";
	return [`${dropping.length} of ${own.length} nodes ${who} endpoint, and externalTrafficPolicy is Local.`];
}

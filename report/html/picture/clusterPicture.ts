/** The cluster as it is, with the ways of one packet over it: nodes, pods, who asks from where, and who answers. */
import type { Node } from "../../../kubernetes/model.ts";
import type { AskingClient, CellWays, Report, Way } from "../../../verification/report.ts";
import type { Arrow, Box, Drawing } from "./drawing.ts";
import { stepsOn } from "./steps.ts";

/** Nodes that the packet does not pass, and pods of a node that it does not reach, beside those that it does. */
const mostOthers = 6;

/** What a picture takes of a report. */
type Scene = Pick<Report, "nodes" | "pods" | "clients" | "ways" | "proxyMode">;

/** @param cell whose packet; of a client that the report does not place, nothing leaves */
export function clusterDrawing(scene: Scene, cell: CellWays): Drawing {
	const client = scene.clients.find(({ name }) => name === cell.client);
	const passed = new Set(cell.ways.flatMap(({ legs, end }) => [...legs.map(({ node }) => node), end.node ?? ""]));
	if (client?.place.node !== undefined) passed.add(client.place.node);
	const shown = firstOf(scene.nodes, ({ name }) => passed.has(name));
	const hidden = scene.nodes.length - shown.length;
	return {
		boxes: [
			...outsiders(scene, cell.client),
			...shown.map((node) => nodeBox(scene, cell, client, node)),
			...endsIn(cell, client, undefined),
			...(hidden > 0 ? [moreBox("more nodes", `and ${hidden} more nodes`)] : []),
		],
		arrows: arrowsOf(cell, client),
	};
}

/** All that matter, and a few of the others; in their order. */
function firstOf<T>(all: readonly T[], matters: (one: T) => boolean): T[] {
	const others = all.filter((one) => !matters(one)).slice(0, mostOthers);
	return all.filter((one) => matters(one) || others.includes(one));
}

const moreBox = (id: string, title: string): Box => ({
	id,
	kind: "end",
	title,
	lines: [],
	inside: [],
	onPath: false,
});

const outsiders = ({ clients }: Scene, asking: string): Box[] =>
	clients
		.filter(({ place }) => place.network === "outside")
		.map(({ name, place }) => ({
			id: clientId(name),
			kind: "outside",
			title: name === "outside" ? "a client outside" : name,
			lines: [place.ip ?? "address not known"],
			inside: [],
			onPath: name === asking,
		}));

function nodeBox(scene: Scene, cell: CellWays, client: AskingClient | undefined, node: Node): Box {
	const { name, internalIp, podCidr } = node;
	const inside = [
		...processBox(client, name),
		rulesBox(scene, cell, name),
		...podBoxes(scene, cell, name),
		...endsIn(cell, client, name),
	];
	return {
		id: `node ${name}`,
		kind: "node",
		title: name,
		lines: [node.role === "worker" ? internalIp : `${internalIp} (${node.role})`, `pods ${podCidr}`],
		inside,
		onPath: inside.some(({ onPath }) => onPath),
	};
}

/** A client that is no pod: shown on its node where it is the one that asks. */
function processBox(client: AskingClient | undefined, node: string): Box[] {
	if (client?.place.network !== "node" || client.place.node !== node) return [];
	const { name, place } = client;
	return [
		{
			id: clientId(name),
			kind: "client",
			title: "a process of the node",
			lines: [place.ip ?? ""],
			inside: [],
			onPath: true,
		},
	];
}

function rulesBox({ ways, proxyMode }: Scene, cell: CellWays, node: string): Box {
	return {
		id: rulesId(node),
		kind: "rules",
		title: ["unknown", "none"].includes(proxyMode) ? "kernel rules" : `${proxyMode} rules`,
		lines: stepsOn(node, cell, ways.hops),
		inside: [],
		onPath: cell.ways.some(({ legs }) => legs.some((leg) => leg.node === node)),
	};
}

function podBoxes(scene: Scene, cell: CellWays, node: string): Box[] {
	const ends = cell.ways.flatMap(({ end }) => (end.kind === "pod" && end.node === node ? end : []));
	const reached = ends.map(({ address = "" }) => address);
	const seenBy = (ip: string) => [
		...new Set(ends.flatMap(({ address, clientIp }) => (address === ip ? `sees ${clientIp}` : []))),
	];
	const echo = scene.pods.filter((pod) => pod.node === node).map(({ name, ip }) => ({ name, ip, what: "echo" }));
	const asking = scene.clients
		.filter(
			({ name, place }) => place.network === "pod" && place.node === node && !echo.some((pod) => pod.name === name),
		)
		.map(({ name, place }) => ({ name, ip: place.ip ?? "", what: "client" }));
	// A pod that is no endpoint of the Service may be reached all the same.
	const strangers = reached
		.filter((ip) => ![...echo, ...asking].some((pod) => pod.ip === ip))
		.map((ip) => ({ name: "another pod", ip, what: "" }));
	const all = [...asking, ...echo, ...strangers];
	const matters = ({ name, ip }: (typeof all)[number]) => reached.includes(ip) || name === cell.client;
	const shown = firstOf(all, matters);
	const hidden = all.length - shown.length;
	return [
		...shown.map(
			(pod): Box => ({
				id: podId(node, pod.ip),
				kind: pod.what === "client" ? "client" : "pod",
				title: pod.name,
				lines: [pod.ip, ...seenBy(pod.ip)],
				inside: [],
				onPath: matters(pod),
			}),
		),
		...(hidden > 0 ? [moreBox(`more pods ${node}`, `and ${hidden} more pods`)] : []),
	];
}

/** How ways end without reaching a pod, on a node or on none. */
function endsIn({ ways }: CellWays, client: AskingClient | undefined, node: string | undefined): Box[] {
	if (!client) return [];
	// What is for the client's own loopback stays where the client is.
	const placeOf = ({ kind, node }: Way["end"]) => (kind === "loopback" ? client.place.node : node);
	const ends = ways.filter(({ end }) => end.kind !== "pod" && placeOf(end) === node).map(endBox);
	return [...new Map(ends.map((box) => [box.id, box])).values()];
}

const endings: Record<Way["end"]["kind"], string> = {
	pod: "reached",
	node: "the node itself",
	reject: "rejected",
	drop: "dropped",
	loopback: "its own loopback",
	away: "no such address here",
	unknown: "cannot be told",
};

const endBox = ({ end, outcome }: Way): Box => ({
	id: endId(end),
	kind: "end",
	title: endings[end.kind],
	lines: [outcome === "other" ? "no answer" : outcome],
	inside: [],
	onPath: true,
});

const clientId = (name: string): string => `client ${name}`;
const rulesId = (node: string): string => `rules ${node}`;
const podId = (node: string, ip: string): string => `pod ${node} ${ip}`;
const endId = ({ kind, node = "" }: Way["end"]): string => `end ${kind} ${node}`;

/**
 * From the client over the nodes that rule on the packet to how it ends; what several ways share, once. Between a pod and its
 * node's rules, both boxes say the addresses.
 */
function arrowsOf({ ways }: CellWays, client: AskingClient | undefined): Arrow[] {
	if (!client) return [];
	const arrows = new Map<string, Arrow & { probability: number }>();
	const add = (from: string, to: string, flow: string[], probability: number) => {
		const key = JSON.stringify([from, to]);
		const known = arrows.get(key) ?? { from, to, lines: [], probability: 0 };
		const isNew = flow.some((line) => !known.lines.includes(line));
		const lines = isNew ? [...known.lines, ...flow] : known.lines;
		arrows.set(key, { ...known, lines, probability: known.probability + probability });
	};
	for (const { legs, end, probability } of ways) {
		const start = startId(client);
		let at = start;
		for (const { node, source, destination } of legs) {
			const isInside = at === start && client.place.network === "pod";
			add(at, rulesId(node), isInside ? [] : [`${source} →`, destination], probability);
			at = rulesId(node);
		}
		const { kind, address = "", node = "" } = end;
		add(at, kind === "pod" ? podId(node, address) : endId(end), [], probability);
	}
	const isCertain = (probability: number) => probability > 0.9999;
	return [...arrows.values()].map(({ from, to, lines, probability }, i) => ({
		from,
		to,
		lines: [`${i + 1}${isCertain(probability) ? "" : `: ${(probability * 100).toFixed(1)} %`}`, ...lines],
	}));
}

function startId({ name, place }: AskingClient): string {
	return place.network === "pod" ? podId(place.node ?? "", place.ip ?? "") : clientId(name);
}

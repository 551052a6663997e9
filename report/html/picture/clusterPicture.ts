/** The cluster with a packet's journey: nodes, pods, the client, and who answers. */
import type { Node } from "../../../kubernetes/model.ts";
import type { End, JourneyWithHops, RecordedBranch } from "../../../verification/journey/model.ts";
import type { Report, ReportedClient } from "../../../verification/report.ts";
import { percent } from "../../journeyText.ts";
import type { Arrow, Box, Drawing } from "./drawing.ts";
import { stepsOn } from "./ruleSteps.ts";

/** How many nodes and pods that the packet doesn't pass are drawn. */
const mostOthers = 6;

type Scene = Pick<Report, "nodes" | "pods" | "clients" | "proxyMode">;

/** Without arrows if the report doesn't contain the client. */
export function clusterDrawing(scene: Scene, journey: JourneyWithHops): Drawing {
	const client = scene.clients.find(({ name }) => name === journey.client);
	const passed = new Set(
		journey.branches.flatMap(({ legs, end }) => [...legs.map(({ node }) => node), nodeOf(end) ?? ""]),
	);
	if (client?.place.node !== undefined) passed.add(client.place.node);
	const shown = firstOf(scene.nodes, ({ name }) => passed.has(name));
	const hidden = scene.nodes.length - shown.length;
	return {
		boxes: [
			...outsiders(scene, journey.client),
			...shown.map((node) => nodeBox(scene, journey, client, node)),
			...endsIn(journey, client, undefined),
			...(hidden > 0 ? [moreBox("more nodes", `and ${hidden} more nodes`)] : []),
		],
		arrows: arrowsOf(journey, client),
	};
}

/** All that matter and a few others, in their order. */
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
			lines: [place.ip ?? "unknown address"],
			inside: [],
			onPath: name === asking,
		}));

function nodeBox(scene: Scene, journey: JourneyWithHops, client: ReportedClient | undefined, node: Node): Box {
	const { name, internalIp, podCidr } = node;
	const inside = [
		...processBox(client, name),
		rulesBox(scene, journey, name),
		...podBoxes(scene, journey, name),
		...endsIn(journey, client, name),
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

/** A client that is a process of the node, not a pod. */
function processBox(client: ReportedClient | undefined, node: string): Box[] {
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

function rulesBox({ proxyMode }: Scene, journey: JourneyWithHops, node: string): Box {
	return {
		id: rulesId(node),
		kind: "rules",
		title: ["unknown", "none"].includes(proxyMode) ? "kernel rules" : `${proxyMode} rules`,
		lines: stepsOn(node, journey),
		inside: [],
		onPath: journey.branches.some(({ legs }) => legs.some((leg) => leg.node === node)),
	};
}

function podBoxes(scene: Scene, journey: JourneyWithHops, node: string): Box[] {
	const ends = journey.branches.flatMap(({ end }) => (end.kind === "pod" && end.node === node ? end : []));
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
	// A packet can also reach a pod that isn't an endpoint of the Service.
	const strangers = reached
		.filter((ip) => ![...echo, ...asking].some((pod) => pod.ip === ip))
		.map((ip) => ({ name: "another pod", ip, what: "" }));
	const all = [...asking, ...echo, ...strangers];
	const matters = ({ name, ip }: (typeof all)[number]) => reached.includes(ip) || name === journey.client;
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

/** The ends of branches that don't reach a pod, on the node or outside all nodes. */
function endsIn({ branches }: JourneyWithHops, client: ReportedClient | undefined, node: string | undefined): Box[] {
	if (!client) return [];
	// A packet to the loopback address stays with the client.
	const placeOf = (end: End) => (end.kind === "loopback" ? client.place.node : nodeOf(end));
	const ends = branches.filter(({ end }) => end.kind !== "pod" && placeOf(end) === node).map(endBox);
	return [...new Map(ends.map((box) => [box.id, box])).values()];
}

const endings: Record<End["kind"], string> = {
	pod: "reached",
	node: "the node itself",
	reject: "rejected",
	drop: "dropped",
	loopback: "its own loopback",
	unreachable: "unknown address",
	unknown: "unknown",
};

const endBox = ({ end, outcome }: RecordedBranch): Box => ({
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
const endId = (end: End): string => `end ${end.kind} ${nodeOf(end) ?? ""}`;

const nodeOf = (end: End): string | undefined => ("node" in end ? end.node : undefined);

/**
 * From the client through the nodes' rules to the end; each arrow once, even if several branches share it. An arrow from a
 * pod to its own node's rules needs no addresses: both boxes show them.
 */
function arrowsOf({ branches }: JourneyWithHops, client: ReportedClient | undefined): Arrow[] {
	if (!client) return [];
	const arrows = new Map<string, Arrow & { probability: number }>();
	const add = (from: string, to: string, flow: string[], probability: number) => {
		const key = JSON.stringify([from, to]);
		const known = arrows.get(key) ?? { from, to, lines: [], probability: 0 };
		const isNew = flow.some((line) => !known.lines.includes(line));
		const lines = isNew ? [...known.lines, ...flow] : known.lines;
		arrows.set(key, { ...known, lines, probability: known.probability + probability });
	};
	for (const { legs, end, probability } of branches) {
		const start = startId(client);
		let at = start;
		for (const { node, source, destination } of legs) {
			const isInside = at === start && client.place.network === "pod";
			add(at, rulesId(node), isInside ? [] : [`${source} →`, destination], probability);
			at = rulesId(node);
		}
		add(at, end.kind === "pod" ? podId(end.node, end.address) : endId(end), [], probability);
	}
	const isCertain = (probability: number) => probability > 0.9999;
	return [...arrows.values()].map(({ from, to, lines, probability }, i) => ({
		from,
		to,
		lines: [`${i + 1}${isCertain(probability) ? "" : `: ${percent(probability)}`}`, ...lines],
	}));
}

function startId({ name, place }: ReportedClient): string {
	return place.network === "pod" ? podId(place.node ?? "", place.ip ?? "") : clientId(name);
}

/** The lanes of a picture: the client, the kernel of each node that the packet passes, and the pod that it reaches. */
import type { RecordedBranch } from "../../../verification/journey/model.ts";
import type { Report, ReportedClient } from "../../../verification/report.ts";
import type { Band, Lane } from "./model.ts";

export type Scene = Pick<Report, "nodes" | "clients" | "proxyMode">;

export const clientLane = "client";
export const rulesLane = (node: string): string => `rules ${node}`;

/** A pod may send a packet to itself. */
export const podLane = ({ end }: RecordedBranch, { place }: ReportedClient): string =>
	end.kind === "pod" && place.network === "pod" && place.ip === end.address ? clientLane : "pod";

/** One band for each place, in the order in which the packet first comes there. */
export function bandsOf(scene: Scene, branch: RecordedBranch, client: ReportedClient): Band[] {
	const { place } = client;
	const nodes = [...new Set([place.node, ...branch.legs.map(({ node }) => node)])].flatMap((node) => node ?? []);
	const bands = nodes.map((node, i) => nodeBand(scene, branch, client, node, i === nodes.length - 1));
	if (place.node !== undefined) return bands;
	return [{ kind: "outside", title: "outside the cluster", lanes: [laneOfClient(client)] }, ...bands];
}

function nodeBand(
	{ nodes, proxyMode }: Scene,
	branch: RecordedBranch,
	client: ReportedClient,
	node: string,
	isLast: boolean,
): Band {
	const own = client.place.node === node ? [laneOfClient(client)] : [];
	const rules: Lane = { id: rulesLane(node), kind: "rules", title: rulesTitle(proxyMode) };
	const isPassed = branch.legs.some((leg) => leg.node === node);
	const pods = podsOn(node, branch, client);
	const kernel = isPassed ? [rules] : [];
	return {
		kind: "node",
		title: node,
		address: nodes.find(({ name }) => name === node)?.internalIp,
		// The packet comes from the left, and goes on to the right.
		lanes: isLast ? [...own, ...kernel, ...pods] : [...own, ...pods, ...kernel],
	};
}

const rulesTitle = (mode: Scene["proxyMode"]): string =>
	mode === "none" || mode === "unknown" ? "kernel" : `kernel, ${mode} rules`;

function podsOn(node: string, branch: RecordedBranch, client: ReportedClient): Lane[] {
	const { end } = branch;
	const id = podLane(branch, client);
	if (end.kind !== "pod" || end.node !== node || id === clientLane) return [];
	return [{ id, kind: "pod", title: end.pod ?? "another pod", address: end.address }];
}

function laneOfClient({ name, place }: ReportedClient): Lane {
	const title = place.network === "node" ? "a process of the node" : name === "outside" ? "a client" : name;
	return { id: clientLane, kind: "client", title, address: place.ip };
}

/** Which packet a user wants explained: its client, its destination, and the Service's port that it is for. */
import type { Node } from "../../kubernetes/model.ts";
import { toPlace } from "../../kubernetes/objects.ts";
import type { Place } from "../../kubernetes/snapshot.ts";
import type { ClusterSource } from "../../kubernetes/source/clusterSource.ts";
import type { PodObject } from "../../kubernetes/source/usedFields.ts";
import { contains, parseAddress, parseRange } from "../../netfilter/address.ts";
import type { Family, Protocol } from "../../netfilter/model.ts";
import { type Destination, parseDestination } from "../journey/destination.ts";
import type { DiagnosisInput } from "./diagnosis.ts";
import { RefusedRequest } from "./requestProblem.ts";
import type { ServiceView } from "./serviceViews.ts";

export interface ExplainRequest {
	from: string;
	to: string;
	protocol?: Protocol | undefined;
	/** The node by which a packet from outside to an external address arrives. */
	through?: string | undefined;
}

export interface Explained {
	view: ServiceView;
	client: Place;
	destination: Destination;
}

/** @throws if a name isn't found or is ambiguous: what is allowed */
export async function resolveRequest(
	source: ClusterSource,
	{ reading, views }: DiagnosisInput,
	request: ExplainRequest,
): Promise<Explained> {
	const view = viewFor(views, request);
	const { namespace = "" } = reading.service.metadata;
	const client = await placeOf(source, view, reading.pods ?? [], namespace, request.from);
	const parsed = parseDestination(view.snapshot, request.to);
	if (!parsed) throw new RefusedRequest({ kind: "destination", value: request.to, isDump: false });
	const destination = { ...parsed, protocol: view.protocol };
	const isExternal = [...view.externalIps, ...view.loadBalancerIps].includes(destination.address);
	if (client.network !== "outside" || !isExternal) return { view, client, destination };
	return { view, client, destination: { ...destination, entry: entryOf(view, request.through) } };
}

/** The Service's port that the destination names, by its nodePort or its port. */
function viewFor(views: readonly ServiceView[], { from, to, protocol }: ExplainRequest): ServiceView {
	const port = Number(to.match(/:(\d{1,5})$/)?.[1]);
	const host = parseAddress(to.replace(/:\d{1,5}$/, "").replace(/^\[|\]$/g, "")) ?? parseAddress(from);
	const possible = views.filter(
		(view) =>
			(protocol === undefined || view.protocol === protocol) && (host === undefined || view.family === host.kind()),
	);
	const named = possible.filter(({ port: own }) => own.nodePort === port || own.port === port);
	const [first] = named.length > 0 ? named : possible;
	if (first && (named.length > 0 || possible.length === 1 || Number.isInteger(port))) return first;
	if (first && new Set(possible.map(({ port }) => port)).size === 1) return first;
	const ports = views.map(({ port: { port, nodePort }, protocol }) => ({ port, protocol, nodePort }));
	throw new RefusedRequest({ kind: "severalPorts", value: to, ports });
}

async function placeOf(
	source: ClusterSource,
	{ snapshot: { nodes }, family }: ServiceView,
	pods: readonly PodObject[],
	namespace: string,
	from: string,
): Promise<Place> {
	const node = nodes.find(({ name, internalIp }) => name === from || internalIp === from);
	if (node) return { network: "node", node: node.name, ip: node.internalIp };
	const address = parseAddress(from);
	if (address) return placeOfAddress(nodes, pods, family, from);
	const [, podNamespace = namespace, name = ""] = from.match(/^(?:([^/]+)\/)?([^/]+)$/) ?? [];
	const known = podNamespace === namespace ? pods : await podsNamed(source, podNamespace, name);
	const pod = known.find(({ metadata }) => metadata.name === name);
	if (pod) return placeOfPod(pod, family, from);
	throw new RefusedRequest({ kind: "clientNotFound", value: from, nodes: nodes.map(({ name }) => name) });
}

async function podsNamed(source: ClusterSource, namespace: string, name: string): Promise<PodObject[]> {
	const answer = await source.list({ kind: "pods", namespace, name });
	if ("value" in answer) return answer.value;
	throw new RefusedRequest({
		kind: "clientUnreadable",
		value: `${namespace}/${name}`,
		message: answer.refused.message,
	});
}

function placeOfAddress(nodes: readonly Node[], pods: readonly PodObject[], family: Family, from: string): Place {
	const pod = pods.find(({ spec, status }) => !spec.hostNetwork && addressesOf(status).includes(from));
	if (pod) return placeOfPod(pod, family, from);
	const address = parseAddress(from);
	const host = nodes.find(({ podCidr }) => {
		const range = parseRange(podCidr);
		return range && address && contains(range, address);
	});
	return host ? { network: "pod", node: host.name, ip: from } : { network: "outside", ip: from };
}

const addressesOf = (status: PodObject["status"]): (string | undefined)[] => [
	status?.podIP,
	...(status?.podIPs ?? []).map(({ ip }) => ip),
];

function placeOfPod(pod: PodObject, family: Family, from: string): Place {
	const place = toPlace(pod, family);
	if (place.node === undefined || place.ip === undefined)
		throw new RefusedRequest({ kind: "clientNotRunning", value: from, family });
	return place;
}

function entryOf({ snapshot: { nodes, endpoints } }: ServiceView, through: string | undefined): string {
	const names = nodes.map(({ name }) => name);
	if (through !== undefined) {
		if (names.includes(through)) return through;
		throw new RefusedRequest({ kind: "entryNode", value: through, nodes: names });
	}
	return endpoints.find(({ node }) => names.includes(node))?.node ?? names[0] ?? "";
}

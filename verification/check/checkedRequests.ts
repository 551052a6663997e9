/** The requests of a check: sent from this machine and from a pod, predicted for processes of the nodes. */
import pLimit from "p-limit";
import type { Place } from "../../kubernetes/snapshot.ts";
import type { ClusterSource } from "../../kubernetes/source/clusterSource.ts";
import { withPort } from "../../netfilter/address.ts";
import type { DiagnosisInput } from "../diagnosis/diagnosis.ts";
import { exampleClients } from "../diagnosis/prediction/predictedClients.ts";
import { hereAs } from "../diagnosis/probes/hereProber.ts";
import { getStatus, type HttpResult } from "../diagnosis/probes/httpRequest.ts";
import { probesAtOnce } from "../diagnosis/probes/measureService.ts";
import { podProber } from "../diagnosis/probes/podProber.ts";
import { rulesetsFor } from "../diagnosis/rulesFromSource.ts";
import type { ServiceView } from "../diagnosis/serviceViews.ts";
import { hostAndPort } from "../journey/destination.ts";
import { journeyOf, outcomeOf } from "../journey/journey.ts";
import type { CheckedRequest, CheckRequest } from "./checkRequest.ts";

/** Beyond so many nodes, each calls only itself. */
const mostNodesInPairs = 20;

/** @throws if the Service has no such port, or none with a nodePort */
export async function checkedRequests(
	source: ClusterSource,
	input: DiagnosisInput,
	request: CheckRequest,
): Promise<CheckedRequest[]> {
	const views = viewsFor(input, request);
	const all = await Promise.all(
		views.map(async (view) => [
			...(request.from.includes("outside") ? await sentFromHere(view, request) : []),
			...(request.from.includes("nodes") ? predicted(view, input) : []),
			...(request.probePod ? await sentFromPod(source, view, request.probePod) : []),
		]),
	);
	return all.flat();
}

/** In the Service's first address family: this machine may lack the other. */
function viewsFor({ reading, views }: DiagnosisInput, { port, service }: CheckRequest): ServiceView[] {
	const name = `${service.namespace}/${service.name}`;
	const ofFamily = views.filter(({ family }) => family === views[0]?.family);
	const ports = ofFamily.map(({ port }) => port.name ?? port.port);
	const chosen = ofFamily.filter((view) => port === undefined || view.port.name === port || view.port.port === port);
	if (chosen.length === 0 && port !== undefined)
		throw new Error(`port: got ${JSON.stringify(port)}, allowed: a port of Service ${name} (${ports.join(", ")})`);
	const served = chosen.filter(({ snapshot }) => snapshot.service.nodePort !== 0);
	if (served.length > 0) return served;
	const { type = "ClusterIP" } = reading.service.spec;
	throw new Error(`Service ${name} has no nodePort (type ${type}); fix: type: "NodePort" in its spec`);
}

interface Target {
	address: string;
	host: string;
	port: number;
	node?: string;
}

/** With externalTrafficPolicy Local, only nodes with an endpoint answer. */
function targetsOf({ snapshot: { nodes, service, endpoints } }: ServiceView): Target[] {
	const isLocal = service.externalTrafficPolicy === "Local";
	const serving = nodes.filter(({ name }) => !isLocal || endpoints.some(({ node }) => node === name));
	// Without an endpoint no node answers: that is what the check reports.
	return (serving.length > 0 ? serving : nodes).map(({ name, internalIp }) => ({
		address: withPort(internalIp, service.nodePort),
		host: internalIp,
		port: service.nodePort,
		node: name,
	}));
}

function givenTargets(addresses: readonly string[]): Target[] {
	return addresses.map((address) => {
		const parsed = hostAndPort(address);
		if (!parsed) throw new Error(`addresses: got ${JSON.stringify(address)}, allowed: <host>:<port>`);
		return { address, ...parsed };
	});
}

/** TCP only: most servers ignore a UDP packet that isn't of their protocol, so its silence proves nothing. */
async function sentFromHere(view: ServiceView, { addresses, status, path }: CheckRequest): Promise<CheckedRequest[]> {
	if (view.protocol !== "tcp") return [];
	const connect = await hereAs(exampleClients).sender("tcp");
	const send = (host: string, port: number): Promise<HttpResult> =>
		status === undefined && connect
			? connect({ protocol: "tcp", host, port, payload: "" })
			: getStatus(host, port, path);
	const targets = addresses === undefined ? targetsOf(view) : givenTargets(addresses);
	return pLimit(probesAtOnce).map(targets, async ({ address, host, port, node }) => {
		const result = await send(host, port);
		const ok = result.observed === "ok" && (status === undefined || result.status === status);
		return { client: "this machine", address, ...(node !== undefined && { node }), how: "measured", ok, ...result };
	});
}

function predicted(view: ServiceView, { rules }: DiagnosisInput): CheckedRequest[] {
	const { snapshot, protocol } = view;
	const { nodes } = snapshot;
	const targets = targetsOf(view);
	return nodes.flatMap(({ name, internalIp }) => {
		const place: Place = { network: "node", node: name, ip: internalIp };
		const called = nodes.length > mostNodesInPairs ? targets.filter(({ node }) => node === name) : targets;
		return called.map(({ address, host, port, node }): CheckedRequest => {
			const branches = journeyOf(snapshot, rulesetsFor(rules, view), place, { address: host, port, protocol });
			const failed = branches.find(({ end }) => end.kind !== "pod")?.end;
			const observed = failed === undefined ? "ok" : failed.kind === "unknown" ? "unknown" : outcomeOf(failed);
			const target = { address, ...(node !== undefined && { node }) };
			return { client: `node ${name}`, ...target, how: "predicted", ok: failed === undefined, observed };
		});
	});
}

async function sentFromPod(
	source: ClusterSource,
	view: ServiceView,
	{ namespace, name }: NonNullable<CheckRequest["probePod"]>,
): Promise<CheckedRequest[]> {
	const { protocol } = view;
	if (protocol !== "tcp") return [];
	const answer = await source.list({ kind: "pods", namespace, name });
	const [pod] = "value" in answer ? answer.value : [];
	const why = "refused" in answer ? answer.refused.message : "not found";
	if (!pod) throw new Error(`probePod: pod ${namespace}/${name}: ${why}`);
	const prober = podProber(source, pod);
	const send = await prober.sender(protocol);
	if (!send)
		throw new Error(`probePod: ${prober.name} has none of ${prober.needs(protocol).join(", ")}, or exec isn't allowed`);
	return pLimit(probesAtOnce).map(targetsOf(view), async ({ address, host, port, node }) => {
		const result = await send({ protocol, host, port, payload: "" });
		const target = { address, ...(node !== undefined && { node }) };
		return { client: prober.name, ...target, how: "measured", ok: result.observed === "ok", ...result };
	});
}

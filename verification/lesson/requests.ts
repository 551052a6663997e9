/** Requests of the lab's client pod, as the lesson compares them. */
import type { Node } from "../../kubernetes/model.ts";
import { withPort } from "../../netfilter/address.ts";
import type { LabSnapshot } from "../experiments/support/labSnapshot.ts";
import type { Observed } from "../model.ts";
import type { Measured, Value } from "./model.ts";

type Aspect = "answer" | "clientIp";

/** What one result says about the aspect. */
export function aspectOf({ outcome, node, clientIp }: Observed, of: Aspect): Value {
	const known = of === "answer" ? node : clientIp;
	if (outcome !== "ok" || known === undefined) return { kind: "noAnswer", outcome };
	return of === "answer" ? { kind: "node", node: known } : { kind: "address", address: known };
}

/** Sends one request of the client pod. */
export async function measureAspect(snapshot: LabSnapshot, address: string, of: Aspect): Promise<Measured> {
	const { inside, cluster } = snapshot;
	const observed = await snapshot.send(inside, address);
	return {
		value: aspectOf(observed, of),
		possible: snapshot.predict(inside, address).map((predicted) => aspectOf(predicted, of)),
		journey: snapshot.recordedJourney(inside, address),
		command: cluster.commandFor(inside.run, ["wget", "-q", "-O-", `http://${address}/host`]),
	};
}

/** How a request through one node's nodePort ended. */
export interface NodeRequest {
	node: string;
	address: string;
	observed: Observed;
}

/** Sends a request of the client pod through every node's nodePort. A node may have another address after its start. */
export const requestsThroughNodes = async (snapshot: LabSnapshot): Promise<NodeRequest[]> =>
	Promise.all(
		(await snapshot.cluster.nodes()).map(async (node) => {
			const address = snapshot.addressOf(node);
			return { node: node.name, address, observed: await snapshot.send(snapshot.inside, address) };
		}),
	);

/** The node whose nodePort the lesson calls: without a pod of the Service and, if possible, a worker without the client. */
export function entryOf(snapshot: LabSnapshot): Node {
	const [first = snapshot.host, ...others] = snapshot.nodes({ endpoints: false });
	const clientNode = snapshot.inside.place.node;
	const isBystander = ({ name, role }: Node) => role === "worker" && name !== clientNode;
	return [first, ...others].find(isBystander) ?? [first, ...others].find(({ name }) => name !== clientNode) ?? first;
}

/** "nodeport-service.default.svc.cluster.local:8080" */
export const dnsAddress = ({ objects: { service } }: LabSnapshot): string => withPort(service.dnsName, service.port);

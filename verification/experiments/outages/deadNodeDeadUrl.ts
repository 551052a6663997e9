import type { Node } from "../../../kubernetes/model.ts";
import type { Measurement } from "../model.ts";
import type { Experiment, Lab } from "../support/experiment.ts";
import type { LabSnapshot } from "../support/labSnapshot.ts";
import { measureRequest, pollFor, same, silence } from "../support/measurements.ts";

export const deadNodeDeadUrl: Experiment = {
	name: "dead-node-dead-url",
	title: "A dead node is a dead URL",
	question: "What removes a dead node's URL from use?",
	workers: 3,
	changes(snapshot) {
		const bystander = bystanderOf(snapshot);
		const [echo = "", client = ""] = snapshot.workers.map(({ name }) => name).filter((name) => name !== bystander);
		return [{ externalTrafficPolicy: "Cluster", replicas: 1, echoNodes: [echo], clientNode: client }];
	},
	async measure(lab, snapshot) {
		const held = [snapshot.inside.place.node, ...snapshot.objects.endpoints.map(({ node }) => node)];
		const bystander = snapshot.workers.find(({ name }) => !held.includes(name));
		if (!bystander) throw new Error("every worker runs a pod of the lab: no worker can be stopped");
		const others = snapshot.objects.nodes.filter((node) => node !== bystander);
		await lab.stopNode(bystander.name);
		const { outside } = snapshot;
		const alive = others.map((node) => measureRequest(snapshot, outside, node));
		const atOnce = await Promise.all([requestToDead(snapshot, bystander, "stopped"), ...alive]);
		lab.say("waiting until the node is NotReady");
		const ready = await pollFor(lab, false, 90, async () => {
			const node = (await snapshot.cluster.nodes()).find(({ name }) => name === bystander.name);
			return node?.ready ?? false;
		});
		return [
			...atOnce,
			same({ kind: "nodeStatus", node: bystander.name }, { kind: "ready", ready: false }, { kind: "ready", ready }),
			await requestToDead(snapshot, bystander, "notReady"),
			...(await listed(lab, snapshot, bystander)),
		];
	},
};

async function requestToDead(
	snapshot: LabSnapshot,
	node: Node,
	condition: "stopped" | "notReady",
): Promise<Measurement> {
	const address = snapshot.addressOf(node);
	const observed = await snapshot.send(snapshot.outside, address);
	const subject = { kind: "request" as const, client: snapshot.outside.name, node: node.name, address, condition };
	return { subject, ...silence(observed) };
}

/** The worker to stop: one without a DNS pod, so that names are still resolved. */
function bystanderOf({ objects, workers }: LabSnapshot): string | undefined {
	const resolvers = (objects.dns?.endpoints ?? []).map(({ node }) => node);
	return workers.find(({ name }) => !resolvers.includes(name))?.name;
}

/** Where a client could learn that the URL is dead. */
async function listed(lab: Lab, snapshot: LabSnapshot, stopped: Node): Promise<Measurement[]> {
	const { cluster, inside, objects } = snapshot;
	const { namespace, name, nodePort, clusterIp, dnsName } = objects.service;
	const now = (await cluster.nodes()).map(({ internalIp }) => internalIp);
	const service = await cluster.service(namespace, name);
	const listed = (nodePort: number, isListed: boolean) =>
		({ kind: "listed", nodePort, address: stopped.internalIp, isListed }) as const;
	// Some queries go to a DNS pod on the stopped node while it is still an endpoint of the DNS Service.
	const resolved = await pollFor(lab, [clusterIp], 60, async () => {
		const { stdout } = await cluster.run(inside.run, ["dig", "+short", "+time=1", "+tries=1", dnsName], 10);
		return stdout.split("\n").filter(Boolean);
	});
	return [
		same({ kind: "listed" }, listed(nodePort, true), listed(service.nodePort, now.includes(stopped.internalIp))),
		same(
			{ kind: "dns", name: dnsName, headless: false },
			{ kind: "addresses", addresses: [clusterIp] },
			{ kind: "addresses", addresses: resolved },
		),
	];
}

import type { Node } from "../../kubernetes/model.ts";
import type { Finding } from "../report.ts";
import type { Experiment, Lab } from "./support/experiment.ts";
import { asPredicted, same } from "./support/findings.ts";
import type { LabSnapshot } from "./support/labSnapshot.ts";
import { until } from "./support/until.ts";

export const deadNodeDeadUrl: Experiment = {
	name: "dead-node-dead-url",
	title: "A dead node is a dead URL",
	question: "Who takes a dead node's URL out of use?",
	workers: 3,
	changes(snapshot) {
		const bystander = bystanderOf(snapshot);
		const [echo = "", client = ""] = snapshot.workers.map(({ name }) => name).filter((name) => name !== bystander);
		return [{ externalTrafficPolicy: "Cluster", replicas: 1, echoNodes: [echo], clientNode: client }];
	},
	async measure(lab, snapshot) {
		const held = [snapshot.inside.place.node, ...snapshot.objects.endpoints.map(({ node }) => node)];
		const bystander = snapshot.workers.find(({ name }) => !held.includes(name));
		if (!bystander) throw new Error("every worker holds a pod of the lab: there is none to stop");
		const others = snapshot.objects.nodes.filter((node) => node !== bystander);
		await lab.stopNode(bystander.name);
		const { outside } = snapshot;
		const alive = others.map((node) =>
			asPredicted(snapshot, outside, snapshot.url(node), `${outside.name} asks ${node.name}`),
		);
		const atOnce = await Promise.all([askDead(snapshot, bystander, "which was just stopped"), ...alive]);
		lab.say("waiting until the cluster takes the node for dead");
		const state = await until(lab, "not Ready", 90, async () => {
			const node = (await snapshot.cluster.nodes()).find(({ name }) => name === bystander.name);
			return node?.ready ? "Ready" : "not Ready";
		});
		return [
			...atOnce,
			same(`Node ${bystander.name}, after the grace period`, "not Ready", state),
			await askDead(snapshot, bystander, "which the cluster takes for dead"),
			...(await listed(lab, snapshot, bystander)),
		];
	},
};

async function askDead(snapshot: LabSnapshot, node: Node, which: string): Promise<Finding> {
	const { outcome, body = "" } = await snapshot.ask(snapshot.outside, snapshot.url(node));
	// Whether the sender is told that nobody holds the address depends on the network in between.
	const isSilent = outcome === "timeout" || /no route to host/i.test(body);
	return same(`${snapshot.outside.name} asks ${node.name}, ${which}`, "no answer", isSilent ? "no answer" : outcome);
}

/** The worker to stop: one that DNS does without, which is another lesson. */
function bystanderOf({ objects, workers }: LabSnapshot): string | undefined {
	const resolvers = (objects.dns?.endpoints ?? []).map(({ node }) => node);
	return workers.find(({ name }) => !resolvers.includes(name))?.name;
}

/** What a client could look at in order to learn that the URL is dead. */
async function listed(lab: Lab, snapshot: LabSnapshot, stopped: Node): Promise<Finding[]> {
	const { cluster, inside, objects } = snapshot;
	const { namespace, name, nodePort, clusterIp, dnsName } = objects.service;
	const now = (await cluster.nodes()).map(({ internalIp }) => internalIp);
	const service = await cluster.service(namespace, name);
	const listedUrl = (port: number, isListed: boolean) =>
		`nodePort ${port}, ${stopped.internalIp} ${isListed ? "among" : "not among"} the nodes' addresses`;
	// Some of the queries go to a DNS pod on the stopped node, as long as its endpoint is in the Service of DNS.
	const resolved = await until(lab, clusterIp, 20, async () => {
		const { stdout } = await cluster.run(inside.run, ["dig", "+short", "+time=1", "+tries=1", dnsName], 10);
		return stdout.trim();
	});
	return [
		same(
			"what the API lists of the Service and the nodes",
			listedUrl(nodePort, true),
			listedUrl(service.nodePort, now.includes(stopped.internalIp)),
		),
		same(`DNS for ${dnsName}, which knows no node's address`, clusterIp, resolved),
	];
}

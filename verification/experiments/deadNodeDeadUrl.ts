import type { Finding } from "../report/model.ts";
import type { Experiment, Lab } from "./experiment.ts";
import { asForetold, same } from "./findings.ts";
import type { Sight } from "./sight.ts";
import { until } from "./until.ts";

export const deadNodeDeadUrl: Experiment = {
	name: "dead-node-dead-url",
	title: "A dead node is a dead URL",
	question: "Who takes a dead node's URL out of use?",
	workers: 3,
	changes(sight) {
		const bystander = bystanderOf(sight);
		const [echo = "", client = ""] = sight.workers.map(({ name }) => name).filter((name) => name !== bystander);
		return [{ externalTrafficPolicy: "Cluster", replicas: 1, echoNodes: [echo], clientNode: client }];
	},
	async measure(lab, sight) {
		const held = [sight.inside.place.node, ...sight.view.endpoints.map(({ node }) => node)];
		const bystander = sight.workers.find(({ name }) => !held.includes(name));
		if (!bystander) throw new Error("every worker holds a pod of the lab: there is none to stop");
		const others = sight.view.nodes.filter((node) => node !== bystander);
		await lab.stopNode(bystander.name);
		const { outside } = sight;
		const alive = others.map((node) =>
			asForetold(sight, outside, sight.url(node), `${outside.name} asks ${node.name}`),
		);
		const dead = sight.ask(outside, sight.url(bystander)).then(({ outcome, body = "" }): Finding => {
			// Whether the sender is told that nobody holds the address depends on the network in between.
			const silent = outcome === "timeout" || /no route to host/i.test(body);
			const measured = silent ? "no answer" : outcome;
			return same(`${outside.name} asks ${bystander.name}, which is stopped`, "no answer", measured);
		});
		return [...(await Promise.all([dead, ...alive])), ...(await listed(lab, sight, bystander.name))];
	},
};

/** The worker to stop: one that DNS does without, which is another lesson. */
function bystanderOf({ view, workers }: Sight): string | undefined {
	const resolvers = (view.dns?.endpoints ?? []).map(({ node }) => node);
	return workers.find(({ name }) => !resolvers.includes(name))?.name;
}

/** What a client could look at in order to learn that the URL is dead. */
async function listed(lab: Lab, sight: Sight, stopped: string): Promise<Finding[]> {
	const { cluster, inside, view } = sight;
	const { service } = view;
	const now = await cluster.nodes();
	const node = now.find(({ name }) => name === stopped);
	const ports = await cluster.service(service.namespace, service.name);
	// Some of the queries go to a DNS pod on the stopped node, as long as its endpoint is in the Service of DNS.
	const resolved = await until(lab, service.clusterIp, 20, async () => {
		const { stdout } = await cluster.run(inside.run, ["dig", "+short", "+time=1", "+tries=1", service.dnsName], 10);
		return stdout.trim();
	});
	const before = view.nodes.find(({ name }) => name === stopped);
	return [
		same(
			`the Service and the Node's addresses, with ${stopped} stopped`,
			`nodePort ${service.nodePort}, ${before?.internalIp} among the nodes' addresses`,
			`nodePort ${ports.nodePort}, ${node?.internalIp} among the nodes' addresses`,
		),
		same(`DNS for ${service.dnsName}`, `${service.clusterIp}, no node's address`, `${resolved}, no node's address`),
	];
}

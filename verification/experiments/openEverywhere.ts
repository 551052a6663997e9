import type { Node } from "../../kubernetes/model.ts";
import { withPort } from "../../netfilter/address.ts";
import { podSideAddress } from "../judgement/predict.ts";
import type { Finding } from "../report.ts";
import type { Experiment, Lab } from "./support/experiment.ts";
import { asForetold } from "./support/findings.ts";
import type { LabSnapshot } from "./support/labSnapshot.ts";
import { bindNodePorts } from "./support/nodePortAddresses.ts";

export const openEverywhere: Experiment = {
	name: "open-everywhere",
	title: "The port is open on every node, whether it has a pod or not",
	question: "On which addresses does it answer, and how is it bound to fewer?",
	workers: 2,
	// Another mode is another cluster.
	changes: () => [{ kubeProxyMode: "iptables" }, { kubeProxyMode: "nftables" }],
	measure: async (lab, sight) => [
		...(await everyNode(sight)),
		...(await everyAddress(sight)),
		...(await boundToOne(lab, sight)),
	],
};

const everyNode = (sight: LabSnapshot): Promise<Finding[]> =>
	Promise.all(
		sight.view.nodes.map((node) =>
			asForetold(sight, sight.outside, sight.url(node), `${mode(sight)}: ${sight.outside.name} asks ${node.name}`),
		),
	);

/** Asked by a node's own processes: kube-proxy serves 127.0.0.1 in iptables mode alone (route_localnet). */
async function everyAddress(sight: LabSnapshot): Promise<Finding[]> {
	// A node has a pod-side address where a pod runs on it.
	const node = sight.view.nodes.find(({ name }) => name === sight.inside.place.node);
	if (!node) throw new Error("the client pod's node is none of the cluster's");
	const addresses = [node.internalIp, podSideAddress(node), "127.0.0.1"].filter((ip) => ip !== undefined);
	const { nodePort } = sight.view.service;
	return Promise.all(
		addresses.map((ip) =>
			asForetold(sight, sight.on(node), withPort(ip, nodePort), `${mode(sight)}: ${node.name} asks its own ${ip}`),
		),
	);
}

/** With nodePortAddresses, only the control plane's address is left. */
async function boundToOne(lab: Lab, sight: LabSnapshot): Promise<Finding[]> {
	const [first] = sight.view.nodes;
	if (!first) throw new Error("the cluster has no node");
	lab.say(`binding nodePorts to ${first.internalIp}: kube-proxy is restarted with it, and without it afterwards`);
	await bindNodePorts(lab, sight, [`${first.internalIp}/32`]);
	const bound = await boundSight(lab, first);
	return Promise.all(
		bound.view.nodes.map(async (node) => {
			const what = `${mode(sight)}, nodePortAddresses ${first.internalIp}/32: ${bound.outside.name} asks ${node.name}`;
			const finding = await asForetold(bound, bound.outside, bound.url(node), what);
			// The rules, too, must have closed the others.
			return { ...finding, ok: finding.ok && finding.measured.startsWith("answered") === (node.name === first.name) };
		}),
	);
}

/** Once the rules of every node say so; after 30 s, as they are then. */
async function boundSight(lab: Lab, only: Node): Promise<LabSnapshot> {
	for (let attempt = 1; ; attempt++) {
		const sight = await lab.look();
		const { outside, view } = sight;
		const answering = view.nodes.filter((node) =>
			sight.foretell(outside, sight.url(node)).some(({ outcome }) => outcome === "ok"),
		);
		if ((answering.length === 1 && answering[0]?.name === only.name) || attempt === 30) return sight;
		await lab.sleep(1);
	}
}

const mode = ({ proxyMode }: LabSnapshot): string => `${proxyMode} mode`;

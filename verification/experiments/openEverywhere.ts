import type { Node } from "../../kubernetes/model.ts";
import { withPort } from "../../netfilter/address.ts";
import { podSideAddress } from "../judgement/predict.ts";
import type { Finding } from "../report.ts";
import type { Experiment, Lab } from "./support/experiment.ts";
import { asPredicted } from "./support/findings.ts";
import type { LabSnapshot } from "./support/labSnapshot.ts";
import { bindNodePorts } from "./support/nodePortAddresses.ts";

export const openEverywhere: Experiment = {
	name: "open-everywhere",
	title: "The port is open on every node, whether it has a pod or not",
	question: "On which addresses does it answer, and how is it bound to fewer?",
	workers: 2,
	// Another mode is another cluster.
	changes: () => [{ kubeProxyMode: "iptables" }, { kubeProxyMode: "nftables" }],
	measure: async (lab, snapshot) => [
		...(await everyNode(snapshot)),
		...(await everyAddress(snapshot)),
		...(await boundToOne(lab, snapshot)),
	],
};

const everyNode = (snapshot: LabSnapshot): Promise<Finding[]> =>
	Promise.all(
		snapshot.objects.nodes.map((node) =>
			asPredicted(
				snapshot,
				snapshot.outside,
				snapshot.url(node),
				`${mode(snapshot)}: ${snapshot.outside.name} asks ${node.name}`,
			),
		),
	);

/** Asked by a node's own processes: kube-proxy serves 127.0.0.1 in iptables mode alone (route_localnet). */
async function everyAddress(snapshot: LabSnapshot): Promise<Finding[]> {
	// A node has a pod-side address where a pod runs on it.
	const node = snapshot.objects.nodes.find(({ name }) => name === snapshot.inside.place.node);
	if (!node) throw new Error("the client pod's node is none of the cluster's");
	const addresses = [node.internalIp, podSideAddress(node), "127.0.0.1"].filter((ip) => ip !== undefined);
	const { nodePort } = snapshot.objects.service;
	return Promise.all(
		addresses.map((ip) =>
			asPredicted(
				snapshot,
				snapshot.on(node),
				withPort(ip, nodePort),
				`${mode(snapshot)}: ${node.name} asks its own ${ip}`,
			),
		),
	);
}

/** With nodePortAddresses, only the control plane's address is left. */
async function boundToOne(lab: Lab, snapshot: LabSnapshot): Promise<Finding[]> {
	const [first] = snapshot.objects.nodes;
	if (!first) throw new Error("the cluster has no node");
	lab.say(`binding nodePorts to ${first.internalIp}: kube-proxy is restarted with it, and without it afterwards`);
	await bindNodePorts(lab, snapshot, [`${first.internalIp}/32`]);
	const bound = await boundSnapshot(lab, first);
	return Promise.all(
		bound.objects.nodes.map(async (node) => {
			const what = `${mode(snapshot)}, nodePortAddresses ${first.internalIp}/32: ${bound.outside.name} asks ${node.name}`;
			const finding = await asPredicted(bound, bound.outside, bound.url(node), what);
			// The rules, too, must have closed the others.
			return { ...finding, ok: finding.ok && finding.measured.startsWith("answered") === (node.name === first.name) };
		}),
	);
}

/** Once the rules of every node say so; after 30 s, as they are then. */
async function boundSnapshot(lab: Lab, only: Node): Promise<LabSnapshot> {
	for (let attempt = 1; ; attempt++) {
		const snapshot = await lab.look();
		const { outside, objects } = snapshot;
		const answering = objects.nodes.filter((node) =>
			snapshot.predict(outside, snapshot.url(node)).some(({ outcome }) => outcome === "ok"),
		);
		if ((answering.length === 1 && answering[0]?.name === only.name) || attempt === 30) return snapshot;
		await lab.sleep(1);
	}
}

const mode = ({ proxyMode }: LabSnapshot): string => `${proxyMode} mode`;

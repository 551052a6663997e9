import pWaitFor from "p-wait-for";
import type { Node } from "../../kubernetes/model.ts";
import { withPort } from "../../netfilter/address.ts";
import { podSideAddress } from "../judgement/predict.ts";
import type { Measurement } from "../report.ts";
import type { Experiment, Lab } from "./support/experiment.ts";
import type { LabSnapshot } from "./support/labSnapshot.ts";
import { measureRequest } from "./support/measurements.ts";
import { bindNodePorts } from "./support/nodePortAddresses.ts";

export const openEverywhere: Experiment = {
	name: "open-everywhere",
	title: "The port is open on every node, with or without a pod",
	question: "Which addresses answer, and how can it be limited to fewer?",
	workers: 2,
	// Another mode recreates the cluster.
	changes: () => [{ kubeProxyMode: "iptables" }, { kubeProxyMode: "nftables" }],
	measure: async (lab, snapshot) => [
		...(await everyNode(snapshot)),
		...(await everyAddress(snapshot)),
		...(await boundToOne(lab, snapshot)),
	],
};

const everyNode = (snapshot: LabSnapshot): Promise<Measurement[]> =>
	Promise.all(
		snapshot.objects.nodes.map((node) =>
			measureRequest(
				snapshot,
				snapshot.outside,
				snapshot.addressOf(node),
				`${mode(snapshot)}: ${snapshot.outside.name} to ${node.name}`,
			),
		),
	);

/** Requests of a node's own process: kube-proxy serves 127.0.0.1 only in iptables mode (route_localnet). */
async function everyAddress(snapshot: LabSnapshot): Promise<Measurement[]> {
	// Only a node with a pod has a pod-side address.
	const node = snapshot.objects.nodes.find(({ name }) => name === snapshot.inside.place.node);
	if (!node) throw new Error("the client pod's node isn't in the cluster");
	const addresses = [node.internalIp, podSideAddress(node), "127.0.0.1"].filter((ip) => ip !== undefined);
	const { nodePort } = snapshot.objects.service;
	return Promise.all(
		addresses.map((ip) =>
			measureRequest(
				snapshot,
				snapshot.on(node),
				withPort(ip, nodePort),
				`${mode(snapshot)}: ${node.name} to its own address ${ip}`,
			),
		),
	);
}

/** With nodePortAddresses, only the control plane's address answers. */
async function boundToOne(lab: Lab, snapshot: LabSnapshot): Promise<Measurement[]> {
	const [first] = snapshot.objects.nodes;
	if (!first) throw new Error("the cluster has no node");
	lab.say(`limiting nodePorts to ${first.internalIp}: this restarts kube-proxy, now and after the experiment`);
	await bindNodePorts(lab, snapshot, [`${first.internalIp}/32`]);
	const limited = await limitedSnapshot(lab, first);
	return Promise.all(
		limited.objects.nodes.map(async (node) => {
			const what = `${mode(snapshot)}, nodePortAddresses ${first.internalIp}/32: ${limited.outside.name} to ${node.name}`;
			const measurement = await measureRequest(limited, limited.outside, limited.addressOf(node), what);
			const isAnswered = measurement.observed.outcome === "ok";
			return { ...measurement, ok: measurement.ok && isAnswered === (node.name === first.name) };
		}),
	);
}

/** The lab once the rules of all other nodes are gone; after 30 attempts, the lab as it is. */
async function limitedSnapshot(lab: Lab, only: Node): Promise<LabSnapshot> {
	let attempts = 0;
	return pWaitFor(
		async () => {
			const snapshot = await lab.snapshot();
			const { outside, objects } = snapshot;
			const answering = objects.nodes.filter((node) =>
				snapshot.predict(outside, snapshot.addressOf(node)).some(({ outcome }) => outcome === "ok"),
			);
			const isLimited = answering.length === 1 && answering[0]?.name === only.name;
			return (isLimited || ++attempts === 30) && pWaitFor.resolveWith(snapshot);
		},
		{ interval: 1000, signal: lab.signal },
	);
}

const mode = ({ proxyMode }: LabSnapshot): string => `${proxyMode} mode`;

import type { Node } from "../../kubernetes/model.ts";
import { poll } from "../../lib/poll.ts";
import { withPort } from "../../netfilter/address.ts";
import { loopbackAddress, podSideAddress } from "../judgement/predict.ts";
import type { Measurement } from "./model.ts";
import type { Experiment, Lab } from "./support/experiment.ts";
import { configureKubeProxy } from "./support/kubeProxyConfig.ts";
import type { LabSnapshot } from "./support/labSnapshot.ts";
import { measureRequest } from "./support/measurements.ts";

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
			measureRequest(snapshot, snapshot.outside, node, { proxyMode: snapshot.proxyMode }),
		),
	);

/** Requests of a node's own process: kube-proxy serves 127.0.0.1 only in iptables mode (route_localnet), and ::1 never. */
async function everyAddress(snapshot: LabSnapshot): Promise<Measurement[]> {
	// Only a node with a pod has a pod-side address.
	const node = snapshot.objects.nodes.find(({ name }) => name === snapshot.inside.place.node);
	if (!node) throw new Error("the client pod's node isn't in the cluster");
	const addresses = [node.internalIp, podSideAddress(node), loopbackAddress[snapshot.objects.family]].filter(
		(ip) => ip !== undefined,
	);
	const { nodePort } = snapshot.objects.service;
	return Promise.all(
		addresses.map((ip) =>
			measureRequest(snapshot, snapshot.on(node), node, {
				address: withPort(ip, nodePort),
				proxyMode: snapshot.proxyMode,
			}),
		),
	);
}

/** With nodePortAddresses, only the control plane's address answers. */
async function boundToOne(lab: Lab, snapshot: LabSnapshot): Promise<Measurement[]> {
	const [first] = snapshot.objects.nodes;
	if (!first) throw new Error("the cluster has no node");
	lab.say(`limiting nodePorts to ${first.internalIp}: this restarts kube-proxy, now and after the experiment`);
	const nodePortAddresses = [`${first.internalIp}/${snapshot.objects.family === "ipv6" ? 128 : 32}`];
	await configureKubeProxy(lab, snapshot, { nodePortAddresses });
	const limited = await limitedSnapshot(lab, first);
	return Promise.all(
		limited.objects.nodes.map(async (node) => {
			const about = { proxyMode: snapshot.proxyMode, nodePortAddresses };
			const measurement = await measureRequest(limited, limited.outside, node, about);
			const isAnswered = measurement.observed.outcome === "ok";
			return { ...measurement, ok: measurement.ok && isAnswered === (node.name === first.name) };
		}),
	);
}

/** The lab once the rules of all other nodes are gone; after a minute, the lab as it is. */
const limitedSnapshot = (lab: Lab, only: Node): Promise<LabSnapshot> =>
	poll(() => lab.snapshot(), {
		interval: 1000,
		seconds: 60,
		signal: lab.signal,
		until: (snapshot) => {
			const answers = (node: Node) =>
				snapshot.predict(snapshot.outside, snapshot.addressOf(node)).some(({ outcome }) => outcome === "ok");
			return snapshot.objects.nodes.every((node) => answers(node) === (node.name === only.name));
		},
	});

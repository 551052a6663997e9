/** A snapshot of the walkthrough's lab: one echo pod on nodeport-worker, dnsutils on nodeport-worker3. */

import type { Node } from "../../../kubernetes/model.ts";
import type { ClusterSnapshot, Endpoint, Place } from "../../../kubernetes/snapshot.ts";

const node = (name: string, host: number): Node => ({
	name,
	role: name.endsWith("control-plane") ? "control-plane" : "worker",
	ready: true,
	internalIp: `172.18.0.${host}`,
	podCidr: `10.244.${host}.0/24`,
	labels: {},
	kubeletVersion: "v1.36.3",
	osImage: "Debian GNU/Linux 12 (bookworm)",
	kernelVersion: "6.18",
	containerRuntime: "containerd://2.3.6",
});

export const endpoint = (node: string, ip: string): Endpoint => ({ ip, port: 8080, node, pod: `app1-${ip}` });

export const sampleView = (changes: Partial<ClusterSnapshot> = {}): ClusterSnapshot => ({
	family: "ipv4",
	protocol: "tcp",
	nodes: [
		node("nodeport-control-plane", 2),
		node("nodeport-worker", 3),
		node("nodeport-worker2", 4),
		node("nodeport-worker3", 5),
	],
	service: {
		name: "nodeport-service",
		namespace: "default",
		dnsName: "nodeport-service.default.svc.cluster.local",
		clusterIp: "10.96.0.10",
		port: 8080,
		portName: "echo",
		nodePort: 30040,
		externalTrafficPolicy: "Cluster",
		sessionAffinity: "None",
	},
	endpoints: [endpoint("nodeport-worker", "10.244.3.9")],
	unsettled: [],
	kubeProxies: new Map(),
	clients: [],
	...changes,
});

export const dnsutils: Place = { network: "pod", node: "nodeport-worker3", ip: "10.244.5.2" };

export const onNode = (node: string): Place => ({
	network: "node",
	node,
	ip: sampleView().nodes.find(({ name }) => name === node)?.internalIp ?? "",
});

export const outside: Place = { network: "outside", ip: "172.18.0.9" };

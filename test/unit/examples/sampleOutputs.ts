import type { LabContract } from "../../../components/lab/labContract.ts";

/** The outputs of a lab of one worker, as another stack reads them. */
export const sampleOutputs: LabContract = {
	schema: "nodeport-lab/v1",
	clusterName: "c",
	kubeconfig: "kind: Config\n",
	nodes: ["c-control-plane", "c-worker"].map((name, i) => ({
		name,
		role: i === 0 ? "control-plane" : "worker",
		ready: true,
		internalIp: `172.18.0.${i + 2}`,
		internalIps: [`172.18.0.${i + 2}`],
		podCidr: `10.244.${i}.0/24`,
		podCidrs: [`10.244.${i}.0/24`],
		labels: {},
		kubeletVersion: "v1.36.3",
		osImage: "Debian",
		kernelVersion: "6.18",
		containerRuntime: "containerd://2.3.6",
	})),
	nodeIps: { "c-control-plane": "172.18.0.2", "c-worker": "172.18.0.3" },
	nodePort: 30040,
	service: {
		name: "nodeport-service",
		namespace: "lab",
		dnsName: "nodeport-service.lab.svc.cluster.local",
		clusterIp: "10.96.0.10",
		clusterIps: ["10.96.0.10"],
		ipFamilyPolicy: "SingleStack",
		protocols: ["tcp"],
		port: 8080,
		nodePort: 30040,
		externalTrafficPolicy: "Cluster",
	},
	echo: {
		name: "app1",
		image: "echo:1",
		pods: [{ name: "app1-1", ip: "10.244.1.2", ips: ["10.244.1.2"], node: "c-worker" }],
	},
	verification: {
		ok: true,
		checkedAt: "2026-01-01T00:00:00.000Z",
		proxyMode: "iptables",
		connectivity: [],
		nodes: [],
		report: "out/verification.json",
	},
};

import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { labCluster, ownerIn, ownerOf } from "../../../../kind/owner.ts";
import { defaults } from "../defaults.ts";
import { only, type Recorded, record, settled } from "../recorder.ts";

// Only these call the Docker engine; everything else stays real.
vi.mock("../../../../kind/docker.ts", async (original) => ({
	...(await original<typeof import("../../../../kind/docker.ts")>()),
	findNodes: async () => [],
	imageId: async (image: string) => `sha256:of-${image}`,
}));

describe("the program with its defaults", () => {
	let recorded: Recorded[];
	let outputs: typeof import("../../../../index.ts");

	beforeAll(async () => {
		recorded = await record();
		const config = Object.entries(defaults).map(([key, value]) => [`nodeport-lab:${key}`, value]);
		pulumi.runtime.setAllConfig(Object.fromEntries(config));
		outputs = await import("../../../../index.ts");
		await settled(pulumi.output(outputs.verification));
	}, 60_000);

	it("exports the contract's outputs and no others", () => {
		const contract = ["schema", "clusterName", "kubeconfig", "nodes", "nodeIps", "nodePort", "service", "echo"];
		expect(Object.keys(outputs).sort()).toEqual([...contract, "verification"].sort());
	});

	it("creates one cluster of one control plane and three workers", () => {
		const { stdin } = only(recorded, "command:local:Command", "cluster-cluster").inputs;
		expect(JSON.parse(stdin).spec).toEqual({
			name: "nodeport",
			workers: 3,
			nodeImage: "nodeport-lab/node:1.36",
			kubeProxyMode: "iptables",
		});
	});

	it("loads each image only on the nodes that run it", () => {
		const nodes = (name: string) => JSON.parse(only(recorded, "command:local:Command", name).inputs.stdin).nodes;
		expect(nodes("echo-image-load")).toEqual(["nodeport-worker"]);
		expect(nodes("client-image-load")).toEqual(["nodeport-worker3"]);
	});

	it("pins the echo to the first worker by a nodeSelector", () => {
		const { spec } = only(recorded, "kubernetes:apps/v1:Deployment").inputs;
		expect(spec.template.spec.nodeSelector).toEqual({ "kubernetes.io/hostname": "nodeport-worker" });
		expect(spec.template.spec.affinity).toEqual({});
	});

	it("selects the echo's labels and port in the Service", () => {
		const deployment = only(recorded, "kubernetes:apps/v1:Deployment").inputs;
		const { spec, metadata } = only(recorded, "kubernetes:core/v1:Service").inputs;
		expect(metadata.name).toBe("nodeport-service");
		expect(spec).toEqual({
			type: "NodePort",
			selector: deployment.spec.template.metadata.labels,
			externalTrafficPolicy: "Cluster",
			sessionAffinity: "None",
			ipFamilies: ["IPv4"],
			ipFamilyPolicy: "SingleStack",
			ports: [{ name: "echo", protocol: "TCP", port: 8080, targetPort: 8080, nodePort: 30040 }],
		});
	});

	it("creates its cluster under the name by which the commands find it", async () => {
		const { stdin } = only(recorded, "command:local:Command", "cluster-cluster").inputs;
		expect(ownerIn(JSON.parse(stdin).id)).toBe(await ownerOf("test", labCluster));
	});

	it("makes the cluster's id the provider's identity", () => {
		const { stdin } = only(recorded, "command:local:Command", "cluster-cluster").inputs;
		const provider = only(recorded, "pulumi:providers:kubernetes").inputs;
		expect(provider.clusterIdentifier).toBe(JSON.parse(stdin).id);
		expect(provider.deleteUnreachable).toBe("true");
	});

	it("verifies again when the Service or its workload changes", () => {
		const { service, revisions } = JSON.parse(only(recorded, "command:local:Command", "verification-run").inputs.stdin);
		expect(service).toMatchObject({ nodePort: 30040, externalTrafficPolicy: "Cluster", sessionAffinity: "None" });
		expect(revisions).toMatchObject({ service: "uid-1", echo: 1, dnsutils: "uid-1" });
	});

	it("passes to the verification how to read each node's log", () => {
		const { nodeRunners } = JSON.parse(only(recorded, "command:local:Command", "verification-run").inputs.stdin);
		const names = ["nodeport-control-plane", "nodeport-worker", "nodeport-worker2", "nodeport-worker3"];
		expect(nodeRunners).toEqual(Object.fromEntries(names.map((name) => [name, { spawn: ["docker", "exec", name] }])));
	});

	it("keeps the kubeconfig's text out of the verification", () => {
		const { stdin } = only(recorded, "command:local:Command", "verification-run").inputs;
		expect(JSON.parse(stdin).kubeconfig).toBe(".kube/nodeport.yaml");
	});

	it("runs every pod with the restricted Pod Security Standard", () => {
		const pods = [
			only(recorded, "kubernetes:apps/v1:Deployment").inputs.spec.template.spec,
			only(recorded, "kubernetes:core/v1:Pod").inputs.spec,
		];
		for (const spec of pods) {
			expect(spec.automountServiceAccountToken).toBe(false);
			expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
			for (const container of spec.containers)
				expect(container.securityContext).toEqual({
					allowPrivilegeEscalation: false,
					readOnlyRootFilesystem: true,
					capabilities: { drop: ["ALL"] },
				});
		}
	});

	it("uses no absolute path in a command, because another clone would see a change", () => {
		const commands = recorded.filter(({ type }) => type === "command:local:Command");
		expect(commands.length).toBe(5);
		for (const { inputs } of commands) expect(JSON.stringify(inputs)).not.toContain(process.cwd());
	});

	it("exports the outputs in the contract's shape", async () => {
		expect(await settled(pulumi.output(outputs.nodeIps))).toEqual({
			"nodeport-control-plane": "172.18.0.2",
			"nodeport-worker": "172.18.0.2",
			"nodeport-worker2": "172.18.0.2",
			"nodeport-worker3": "172.18.0.2",
		});
		expect(await settled(pulumi.output(outputs.service))).toEqual({
			name: "nodeport-service",
			namespace: "default",
			dnsName: "nodeport-service.default.svc.cluster.local",
			clusterIp: "10.96.0.10",
			clusterIps: ["10.96.0.10"],
			protocols: ["tcp"],
			ipFamilyPolicy: "SingleStack",
			port: 8080,
			nodePort: 30040,
			externalTrafficPolicy: "Cluster",
		});
		expect(await pulumi.isSecret(pulumi.output(outputs.kubeconfig))).toBe(true);
	});
});

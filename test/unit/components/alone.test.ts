import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { ClusterImage } from "../../../components/clusterImage.ts";
import { DnsUtils } from "../../../components/dnsUtils.ts";
import { EchoDeployment } from "../../../components/echoDeployment.ts";
import { KindCluster } from "../../../components/kindCluster.ts";
import { NodePortService } from "../../../components/nodePortService.ts";
import { NodeProbe } from "../../../components/nodeProbe.ts";
import { Verification } from "../../../components/verification.ts";
import { ownerIn, ownerOf } from "../../../kind/owner.ts";
import { reportSchema, Summary } from "../../../verification/report.ts";
import { only, type Recorded, record, settled } from "./recorder.ts";

vi.mock("../../../kind/docker.ts", async (original) => ({
	...(await original<typeof import("../../../kind/docker.ts")>()),
	findNodes: async () => [],
	imageId: async () => "sha256:1",
}));

let recorded: Recorded[];
beforeAll(async () => {
	recorded = await record("somebody-elses");
});

const image = { reference: "registry.example/echo:1" };

describe("EchoDeployment", () => {
	const podOf = async (name: string, nodes: string[]) => {
		await settled(new EchoDeployment(name, { image, nodes }).name);
		return only(recorded, "kubernetes:apps/v1:Deployment", `${name}-deployment`).inputs.spec.template.spec;
	};

	it("leaves pods to the scheduler if no node is named", async () => {
		expect(await podOf("anywhere", [])).toMatchObject({ nodeSelector: {}, affinity: {} });
	});

	it("requires one of several nodes by affinity", async () => {
		const spec = await podOf("two", ["a", "b"]);
		const [term] = spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms;
		expect(term.matchExpressions).toEqual([{ key: "kubernetes.io/hostname", operator: "In", values: ["a", "b"] }]);
		expect(spec.nodeSelector).toEqual({});
	});

	it("passes node, IPs and port to the echo, with probes and limits", async () => {
		const [container] = (await podOf("bounded", [])).containers;
		expect(container.env).toEqual([
			{ name: "PORT", value: "8080" },
			{ name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
			{ name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
			{ name: "POD_IPS", valueFrom: { fieldRef: { fieldPath: "status.podIPs" } } },
		]);
		expect(container.readinessProbe.httpGet).toEqual({ path: "/healthz", port: "echo" });
		expect(container.livenessProbe.httpGet).toEqual({ path: "/healthz", port: "echo" });
		expect(Object.keys(container.resources.limits)).toEqual(["cpu", "memory"]);
	});

	it("replaces pods when the image's content changes under the same tag", async () => {
		await settled(new EchoDeployment("rebuilt", { image: { ...image, id: "sha256:2" } }).name);
		const { annotations } = only(recorded, "kubernetes:apps/v1:Deployment", "rebuilt-deployment").inputs.spec.template
			.metadata;
		expect(annotations).toEqual({ "nodeport-lab/image-id": "sha256:2" });
	});
});

describe("NodePortService", () => {
	const echo = { labels: { app: "other" }, namespace: "shop", port: 9000, portName: "web" };

	it("takes selector, namespace and ports from any workload", async () => {
		await settled(
			new NodePortService("front", { echo, externalTrafficPolicy: "Local", sessionAffinity: "ClientIP" }).service,
		);
		const { metadata, spec } = only(recorded, "kubernetes:core/v1:Service", "front-service").inputs;
		expect(metadata.namespace).toBe("shop");
		expect(spec).toEqual({
			type: "NodePort",
			selector: { app: "other" },
			externalTrafficPolicy: "Local",
			sessionAffinity: "ClientIP",
			ports: [{ name: "web", protocol: "TCP", port: 9000, targetPort: 9000 }],
		});
	});

	it.each([
		[["IPv6"], "SingleStack", ["UDP"], ["web-udp"]],
		[["IPv4", "IPv6"], "RequireDualStack", ["TCP", "UDP"], ["web", "web-udp"]],
	] as const)("has the families %j by the policy %s, and one port for each of %j", async (...row) => {
		const [ipFamilies, ipFamilyPolicy, protocols, names] = row;
		const families = [...ipFamilies];
		const args = { echo, ipFamilies: families, protocols: [...protocols], nodePort: 30040 };
		await settled(new NodePortService(ipFamilyPolicy, args).service);
		const { spec } = only(recorded, "kubernetes:core/v1:Service", `${ipFamilyPolicy}-service`).inputs;
		expect(spec).toMatchObject({ ipFamilies, ipFamilyPolicy });
		const numbers = { port: 9000, targetPort: 9000, nodePort: 30040 };
		expect(spec.ports).toEqual(protocols.map((protocol, i) => ({ name: names[i], protocol, ...numbers })));
	});
});

describe("KindCluster", () => {
	it("publishes the nodePort on the host on request", async () => {
		const publish = { hostPort: 8080, nodePort: 30040 };
		await settled(new KindCluster("published", { name: "c", workers: 1, nodeImage: "n", publish }).id);
		expect(JSON.parse(only(recorded, "command:local:Command", "published-cluster").inputs.stdin).spec.publish).toEqual(
			publish,
		);
	});

	it("has another owner mark than the other clusters of its program", async () => {
		const specs = { workers: 1, nodeImage: "n" };
		await settled(new KindCluster("first", { name: "f", ...specs }).id);
		await settled(new KindCluster("second", { name: "s", ...specs }).id);
		const owners = ["first-cluster", "second-cluster"].map((name) =>
			ownerIn(JSON.parse(only(recorded, "command:local:Command", name).inputs.stdin).id),
		);
		expect(owners).toEqual([await ownerOf("test", "first"), await ownerOf("test", "second")]);
		expect(owners[0]).not.toBe(owners[1]);
	});

	it("has a command to create a cluster and another one to update it", async () => {
		await settled(new KindCluster("operations", { name: "o", workers: 1, nodeImage: "n" }).id);
		const { create, update } = only(recorded, "command:local:Command", "operations-cluster").inputs;
		expect(create).toMatch(/ kind\/kindProgram\.ts create$/);
		expect(update).toMatch(/ kind\/kindProgram\.ts update$/);
	});

	it("reads every node by its name", async () => {
		const nodes = await settled(new KindCluster("c", { name: "c", workers: 2, nodeImage: "n" }).nodes);
		expect(nodes.map(({ name, role }) => `${name} ${role}`)).toEqual([
			"c-control-plane control-plane",
			"c-worker worker",
			"c-worker2 worker",
		]);
	});
});

describe("ClusterImage", () => {
	it("is available once the nodes have it, and is loaded again if its content or the cluster changes", async () => {
		const cluster = { id: "id-1", name: "c" };
		const loaded = new ClusterImage("echo", { cluster, image: "echo:1", nodes: ["a"] });
		expect(await settled(loaded.reference)).toBe("echo:1");
		expect(only(recorded, "command:local:Command", "echo-load").inputs.triggers).toEqual(["id-1", "sha256:1"]);
	});
});

describe("DnsUtils", () => {
	it("describes itself as a client of a verification", async () => {
		const client = await settled(new DnsUtils("client", { image, namespace: "shop", node: "a" }).client);
		expect(client.run).toEqual({ exec: { namespace: "shop", pod: "client", container: "dnsutils" } });
		expect(client.get[0]).toBe("curl");
		expect(only(recorded, "kubernetes:core/v1:Pod").inputs.spec.nodeSelector).toEqual({
			"kubernetes.io/hostname": "a",
		});
	});
});

describe("NodeProbe", () => {
	it("runs on every node's network, with only the capabilities that reading and tracing rules needs", async () => {
		await settled(new NodeProbe("probe", { image }).name);
		const { template, updateStrategy } = only(recorded, "kubernetes:apps/v1:DaemonSet").inputs.spec;
		// A node that is down doesn't block the others.
		expect(updateStrategy.rollingUpdate.maxUnavailable).toBe("100%");
		const { spec } = template;
		expect(spec.hostNetwork).toBe(true);
		expect(spec.tolerations).toEqual([{ operator: "Exists" }]);
		expect(spec.securityContext).toEqual({ seccompProfile: { type: "RuntimeDefault" } });
		expect(spec.containers[0].securityContext).toEqual({
			runAsUser: 0,
			allowPrivilegeEscalation: false,
			readOnlyRootFilesystem: true,
			capabilities: { drop: ["ALL"], add: ["NET_ADMIN", "NET_RAW"] },
		});
	});
});

describe("Verification", () => {
	const request = {
		kubeconfigPath: "k",
		service: { namespace: "n", name: "s" },
		echo: { deployment: "d", replicas: 1, nodes: [] },
		clients: [{ name: "c", run: { spawn: ["true"] }, get: ["curl"] }],
		revisions: { cluster: pulumi.output("1") },
	};

	it("passes its arguments on and parses the summary", async () => {
		const { summary } = new Verification("v", request);
		expect((await settled(summary)).ok).toBe(true);
		expect(JSON.parse(only(recorded, "command:local:Command", "v-run").inputs.stdin)).toMatchObject({
			connectivity: "base",
			report: "out/verification.json",
			revisions: { cluster: "1", schema: reportSchema },
		});
	});

	it("outputs only the summary's fields", async () => {
		const summary = await settled(new Verification("checked", request).summary);
		expect(Object.keys(Summary.parse(summary))).toEqual(Object.keys(summary));
	});
});

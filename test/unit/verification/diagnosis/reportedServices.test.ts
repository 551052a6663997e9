/** Services as people describe them in public issues: the first finding is the cause, and nothing else is certain. */
import { describe, expect, it } from "vitest";
import { verdictText } from "../../../../report/diagnosis/diagnosisText.ts";
import { type Change, diagnosisOf, prepend, without } from "./findings/rules/changedRules.ts";
import { labObjects, type Objects, objectNamed, podObject, type sliceObject, traceApps } from "./labObjects.ts";

type Slice = ReturnType<typeof sliceObject>;
interface Ports {
	spec: { ports: { name?: string; port: number; protocol: string; targetPort: number | string; nodePort?: number }[] };
}

const everywhere = (change: Change): Record<string, Change> =>
	Object.fromEntries(
		labObjects().nodes.map((node) => [(node as { metadata: { name: string } }).metadata.name, change]),
	);

const slice = (objects: Objects, service: string) => objectNamed<Slice>(objects, "endpointSlices", `${service}-abcde`);
const service = (objects: Objects, name: string) =>
	objectNamed<Ports & { metadata: object }>(objects, "services", name);
const [first, second] = traceApps.map(({ metadata }) => metadata.name) as [string, string];

const externalIp = "192.0.2.200";
const served = prepend("nat", [
	`-A KUBE-SERVICES -d ${externalIp}/32 -p tcp -m comment --comment "default/nodeport-service:echo external IP" -m tcp --dport 8080 -j KUBE-EXT-SR75RJIBNEHN2H65`,
]);

const withoutSelector = (objects: Objects, name: string) => {
	Object.assign(service(objects, name).spec, { selector: undefined });
};

const cases: [string, string, string[], (objects: Objects) => void, Record<string, Change>?][] = [
	[
		"a load balancer on bare metal that never gets an address",
		"nodeport-service",
		["suspect loadBalancerPending"],
		(objects) => Object.assign(service(objects, "nodeport-service").spec, { type: "LoadBalancer" }),
	],
	[
		"an external IP that kube-proxy serves",
		"nodeport-service",
		[],
		(objects) => Object.assign(service(objects, "nodeport-service").spec, { externalIPs: [externalIp] }),
		everywhere(served),
	],
	[
		"an external IP that the rules of one node don't know",
		"nodeport-service",
		["cause nodeRules"],
		(objects) => Object.assign(service(objects, "nodeport-service").spec, { externalIPs: [externalIp] }),
		{ ...everywhere(served), "nodeport-worker2": (saved) => saved },
	],
	[
		"no selector, and an EndpointSlice whose port has the Service's name",
		"nodeport-service",
		[],
		(objects) => withoutSelector(objects, "nodeport-service"),
	],
	[
		"no selector, and an EndpointSlice whose port has another name",
		"trace-empty",
		["cause slicePort"],
		(objects) => {
			withoutSelector(objects, "trace-empty");
			const { endpoints } = slice(objects, "nodeport-service");
			Object.assign(slice(objects, "trace-empty"), {
				endpoints,
				ports: [{ name: "http", protocol: "TCP", port: 8080 }],
			});
		},
	],
	[
		"a headless Service with a ready pod",
		"nodeport-service",
		[],
		(objects) => {
			const { spec } = service(objects, "nodeport-service");
			Object.assign(spec, { type: "ClusterIP", clusterIP: "None", clusterIPs: ["None"] });
			for (const port of spec.ports) delete port.nodePort;
		},
	],
	[
		"two ports, one of which names a port that no container has",
		"nodeport-service",
		["cause targetPort"],
		(objects) => {
			const { spec } = service(objects, "nodeport-service");
			spec.ports.push({ name: "metrics", protocol: "TCP", port: 9090, targetPort: "metrics" });
		},
		everywhere(
			prepend("filter", [
				'-A KUBE-SERVICES -d 10.96.132.81/32 -p tcp -m comment --comment "default/nodeport-service:metrics has no endpoints" -m tcp --dport 9090 -j REJECT --reject-with icmp-port-unreachable',
			]),
		),
	],
	[
		"a named targetPort with another number in each pod (kubernetes/website 52500)",
		"trace-cluster",
		[],
		(objects) => {
			const { spec } = service(objects, "trace-cluster");
			for (const port of spec.ports) port.targetPort = "http";
			const pod = objectNamed<{ spec: { containers: object[] } }>(objects, "pods", second);
			pod.spec.containers = [{ name: "echo", ports: [{ name: "http", containerPort: 9090 }] }];
			const own = slice(objects, "trace-cluster");
			const [one, other] = own.endpoints;
			own.endpoints = [one] as Slice["endpoints"];
			const ports = [{ name: "echo", protocol: "TCP", port: 9090 }];
			objects.endpointSlices.push({ ...own, metadata: { ...own.metadata, name: "b" }, endpoints: [other], ports });
		},
		everywhere((saved) => saved.replaceAll("10.244.3.3:8080", "10.244.3.3:9090")),
	],
	[
		"a named port that only some pods have (kubernetes/kubernetes 24875)",
		"trace-cluster",
		[],
		(objects) => {
			const { spec } = service(objects, "trace-cluster");
			for (const port of spec.ports) port.targetPort = "http";
			const pod = objectNamed<{ spec: { containers: object[] } }>(objects, "pods", second);
			pod.spec.containers = [{ name: "db", ports: [{ name: "sql", containerPort: 5432 }] }];
			const own = slice(objects, "trace-cluster");
			own.endpoints = own.endpoints.slice(0, 1);
		},
		everywhere((saved) => saved.replaceAll("10.244.3.3", "10.244.1.11")),
	],
	[
		"a selector that also matches a pod of another program: some requests are refused",
		"trace-cluster",
		["suspect targetPort"],
		(objects) => {
			const pod = objectNamed<{ spec: { containers: object[] } }>(objects, "pods", second);
			pod.spec.containers = [{ name: "db", ports: [{ name: "sql", containerPort: 5432 }] }];
		},
	],
	[
		"a UDP port for a container that declares it for TCP",
		"nodeport-service",
		["suspect targetPort"],
		(objects) => {
			const { spec } = service(objects, "nodeport-service");
			Object.assign(spec, { type: "ClusterIP" });
			for (const port of spec.ports) {
				port.protocol = "UDP";
				delete port.nodePort;
			}
			for (const port of slice(objects, "nodeport-service").ports) port.protocol = "UDP";
		},
		everywhere((saved) =>
			saved
				.split("\n")
				.map((line) => (line.includes("nodeport-service") ? line.replaceAll("tcp", "udp") : line))
				.join("\n"),
		),
	],
	[
		"a pod in its node's network that can't be scheduled, because the port is taken",
		"trace-empty",
		["cause noReadyEndpoint"],
		(objects) => {
			const pod = podObject("edge", "", "", { app: "nothing" });
			const message = "0/4 nodes are available: 4 node(s) didn't have free ports for the requested pod ports.";
			Object.assign(pod.spec, { hostNetwork: true, nodeName: undefined });
			const conditions = [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }];
			objects.pods.push({ ...pod, status: { phase: "Pending", conditions } });
		},
	],
	[
		"only pods that are being deleted, which still answer",
		"trace-cluster",
		["suspect noReadyEndpoint"],
		(objects) => {
			for (const { conditions } of slice(objects, "trace-cluster").endpoints)
				Object.assign(conditions, { ready: false, serving: true, terminating: true });
			for (const name of [first, second])
				objectNamed(objects, "pods", name).metadata.deletionTimestamp = "2026-11-29T10:00:00Z";
		},
	],
	[
		"topology hints, by which a node uses the endpoint of its zone only (kubernetes/enhancements 2433)",
		"trace-cluster",
		[],
		(objects) => {
			for (const endpoint of slice(objects, "trace-cluster").endpoints)
				Object.assign(endpoint, { hints: { forZones: [{ name: endpoint.nodeName }] } });
		},
		{ "nodeport-worker": (saved) => saved.replaceAll("10.244.3.3", "10.244.1.11") },
	],
	[
		"pods that are published before they are ready",
		"nodeport-service",
		[],
		(objects) => {
			Object.assign(service(objects, "nodeport-service").spec, { publishNotReadyAddresses: true });
			objectNamed(objects, "pods", "app1-6666c77bf5-p5nfg").status.conditions = [{ type: "Ready", status: "False" }];
		},
	],
	[
		"a selector that matches only the finished pod of a Job",
		"trace-empty",
		["cause noReadyEndpoint"],
		(objects) => {
			const pod = podObject("migrate-1", "nodeport-worker", "10.244.1.40", { app: "nothing" });
			objects.pods.push({ ...pod, status: { ...pod.status, phase: "Succeeded", conditions: [] } });
		},
	],
	[
		"policy Local, called through a node without a pod (kubernetes/kubernetes 66354)",
		"trace-local",
		["cause localWithoutPod"],
		() => {},
	],
	[
		"a nodePort that one node's rules lost",
		"nodeport-service",
		["cause nodeRules"],
		() => {},
		{ "nodeport-worker3": without(/--dport 30040 /) },
	],
];

describe("the first finding is the cause, and nothing else is certain", () => {
	it.each(cases)("%s", async (_, name, findings, change, changes = {}) => {
		const diagnosis = await diagnosisOf(name, changes, change);
		expect(diagnosis.findings.map(({ weight, finding }) => `${weight} ${finding.kind}`)).toEqual(findings);
		expect(verdictText(diagnosis)).not.toMatch(/undefined|\[object/);
	});
});

it("a Service of type ExternalName has no rules, and the message says so", async () => {
	const diagnosis = diagnosisOf("trace-empty", {}, (objects) => {
		Object.assign(service(objects, "trace-empty").spec, { type: "ExternalName", externalName: "db.example" });
	});
	await expect(diagnosis).rejects.toThrow("is of type ExternalName: DNS answers with db.example");
});

import { describe, expect, it } from "vitest";
import { verdictText } from "../../../../../report/diagnosis/diagnosisText.ts";
import { type Diagnosis, diagnose } from "../../../../../verification/diagnosis/diagnosis.ts";
import { readDiagnosis } from "../../../../../verification/diagnosis/readDiagnosis.ts";
import { labObjects, MemorySource, type Objects, objectNamed, podObject, sliceObject } from "../labObjects.ts";

async function diagnosisOf(change: (objects: Objects) => void, name = "nodeport-service"): Promise<Diagnosis> {
	const objects = labObjects();
	change(objects);
	return diagnose(await readDiagnosis(new MemorySource(objects), { namespace: "default", name }));
}

const first = ({ findings }: Diagnosis) => findings[0];
const app1 = "app1-6666c77bf5-p5nfg";

/** The Service's pod isn't ready: its slice says so too. */
function unready(objects: Objects, status: object, spec: object = {}): void {
	const pod = objectNamed(objects, "pods", app1);
	Object.assign(pod.status, { conditions: [{ type: "Ready", status: "False" }] }, status);
	Object.assign(pod.spec, spec);
	const [slice] = objects.endpointSlices as ReturnType<typeof sliceObject>[];
	for (const { conditions } of slice?.endpoints ?? []) Object.assign(conditions, { ready: false, serving: false });
}

const container = (state: object, more: object = {}) => ({
	containerStatuses: [{ name: "echo", ready: false, restartCount: 0, state, ...more }],
});

it.each(["nodeport-service", "trace-cluster"])("finds nothing wrong with the healthy Service %s", async (name) => {
	const diagnosis = await diagnosisOf(() => {}, name);
	expect(diagnosis.findings).toEqual([]);
	expect(diagnosis.gaps).toEqual([]);
	expect(diagnosis.verdict).toBe("healthy");
	expect(diagnosis.predictions.length).toBeGreaterThan(20);
	expect(new Set(diagnosis.predictions.flatMap(({ ends }) => ends.map(({ outcome }) => outcome)))).toEqual(
		new Set(["ok"]),
	);
});

describe("a selector that matches no pod", () => {
	const select = (selector: object) => (objects: Objects) => {
		objectNamed(objects, "services", "nodeport-service").spec.selector = selector;
		objects.endpointSlices = [sliceObject("nodeport-service", [])];
	};

	it.each([
		["a misspelled value", { app: "ap1" }, { key: "app", expected: "ap1", found: "app1", pods: [app1] }],
		["a misspelled key", { name: "app1" }, { key: "name", expected: "app1", foundKey: "app", pods: [app1] }],
		["one label too many", { app: "app1", tier: "web" }, { key: "tier", expected: "web", pods: [app1] }],
	])("names the label that almost matches: %s", async (_, selector, nearest) => {
		const diagnosis = await diagnosisOf(select(selector));
		expect(first(diagnosis)).toMatchObject({
			weight: "cause",
			finding: { kind: "selectorMatchesNothing", selector, nearest },
		});
		expect(diagnosis.verdict).toBe("broken");
	});

	it("suggests the patch that selects the pods", async () => {
		const { fix } = first(await diagnosisOf(select({ name: "app1" }))) ?? {};
		expect(fix?.slice(0, 7)).toEqual(["kubectl", "-n", "default", "patch", "service", "nodeport-service", "-p"]);
		expect(JSON.parse(fix?.[7] ?? "")).toEqual({ spec: { selector: { name: null, app: "app1" } } });
	});

	it("suggests nothing if no pod has similar labels", async () => {
		const found = first(await diagnosisOf(select({ "kubernetes.io/part": "payment-gateway" })));
		expect(found?.finding).toEqual({
			kind: "selectorMatchesNothing",
			selector: { "kubernetes.io/part": "payment-gateway" },
			pods: 4,
		});
		expect(found?.fix).toBeUndefined();
	});
});

describe("no ready endpoint", () => {
	it.each<[string, (objects: Objects) => void, object]>([
		[
			"its image can't be pulled",
			(objects) =>
				unready(objects, container({ waiting: { reason: "ImagePullBackOff", message: "Back-off pulling image" } })),
			{ kind: "waiting", container: "echo", reason: "ImagePullBackOff", message: "Back-off pulling image" },
		],
		[
			"its container ends again and again",
			(objects) =>
				unready(
					objects,
					container(
						{ waiting: { reason: "CrashLoopBackOff" } },
						{ restartCount: 7, lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } } },
					),
				),
			{ kind: "crashing", container: "echo", restarts: 7, exitCode: 137, reason: "OOMKilled" },
		],
		[
			"its readiness probe fails",
			(objects) =>
				unready(objects, container({ running: {} }, { started: true }), {
					containers: [{ name: "echo", readinessProbe: { httpGet: { path: "/healthz", port: 8081 } } }],
				}),
			{ kind: "readinessProbe", container: "echo", probe: { kind: "http", path: "/healthz", port: 8081 } },
		],
		[
			"its startup probe hasn't succeeded",
			(objects) => unready(objects, container({ running: {} }, { started: false })),
			{ kind: "notStarted", container: "echo" },
		],
		[
			"no node has room for it",
			(objects) =>
				unready(
					objects,
					{
						phase: "Pending",
						podIP: undefined,
						conditions: [
							{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/4 nodes are available" },
						],
					},
					{ nodeName: undefined },
				),
			{ kind: "unschedulable", message: "0/4 nodes are available" },
		],
		[
			"it was evicted",
			(objects) => unready(objects, { phase: "Failed", reason: "Evicted" }),
			{ kind: "ended", phase: "Failed", reason: "Evicted" },
		],
		[
			"a readiness gate isn't met",
			(objects) =>
				unready(
					objects,
					{ containerStatuses: [{ name: "echo", ready: true, restartCount: 0, state: { running: {} } }] },
					{
						readinessGates: [{ conditionType: "target-health.example.com/lb" }],
					},
				),
			{ kind: "readinessGate", condition: "target-health.example.com/lb" },
		],
	])("says why the pod isn't ready: %s", async (_, change, reason) => {
		const diagnosis = await diagnosisOf(change);
		expect(first(diagnosis)).toMatchObject({
			weight: "cause",
			finding: { kind: "noReadyEndpoint", pods: [{ pod: app1, reason }] },
		});
		expect(verdictText(diagnosis)).toBe("default/nodeport-service is broken: no pod is a ready endpoint.");
	});

	it("only notes pods that aren't ready while others serve", async () => {
		const waiting = podObject("trace-app-98b6d997b-new", "nodeport-worker2", "10.244.2.9", { app: "trace-app" });
		const diagnosis = await diagnosisOf((objects) => {
			Object.assign(waiting.status, { conditions: [], ...container({ waiting: { reason: "ContainerCreating" } }) });
			objects.pods.push(waiting);
		}, "trace-cluster");
		expect(first(diagnosis)).toMatchObject({ weight: "note", finding: { kind: "unreadyPods", ready: 2 } });
		expect(diagnosis.verdict).toBe("healthy");
	});

	it("is found in the EndpointSlices alone if the pods can't be read", async () => {
		const refused = { pods: { kind: "forbidden" as const, message: "pods is forbidden" } };
		const of = async (name: string) =>
			diagnose(await readDiagnosis(new MemorySource(labObjects(), { refused }), { namespace: "default", name }));
		expect(first(await of("trace-empty"))?.finding).toEqual({ kind: "noReadyEndpoint", pods: [] });
		expect(await of("nodeport-service")).toMatchObject({ findings: [], verdict: "healthy" });
	});

	it("isn't reported for a headless Service without ports", async () => {
		const { findings } = await diagnosisOf((objects) => {
			const { spec } = objectNamed(objects, "services", "nodeport-service");
			Object.assign(spec, { type: "ClusterIP", clusterIP: "None", clusterIPs: ["None"], ports: undefined });
			const [slice] = objects.endpointSlices as { ports: unknown }[];
			if (slice) slice.ports = null;
		});
		expect(findings).toEqual([]);
	});

	it("is reported for ready pods with a named port that no EndpointSlice contains", async () => {
		const { findings } = await diagnosisOf((objects) => {
			const { spec } = objectNamed<{ spec: { ports: object[] } }>(objects, "services", "nodeport-service");
			spec.ports = spec.ports.map((port) => ({ ...port, targetPort: "http" }));
			objects.endpointSlices = [sliceObject("nodeport-service", [])];
		});
		expect(findings[0]).toMatchObject({ weight: "cause", finding: { kind: "noReadyEndpoint" } });
	});

	it("reports a Service without selector and endpoints", async () => {
		const diagnosis = await diagnosisOf((objects) => {
			delete objectNamed(objects, "services", "trace-empty").spec.selector;
		}, "trace-empty");
		expect(first(diagnosis)?.finding).toEqual({ kind: "noEndpointObjects" });
	});
});

describe("targetPort", () => {
	const target = (targetPort: number | string) => (objects: Objects) => {
		const { spec } = objectNamed<{ spec: { ports: object[] } }>(objects, "services", "nodeport-service");
		spec.ports = spec.ports.map((port) => ({ ...port, targetPort }));
		// The endpoint controller leaves out pods that don't have the named port.
		if (typeof targetPort === "string") objects.endpointSlices = [sliceObject("nodeport-service", [])];
	};

	it("is certainly wrong if no container port has its name", async () => {
		const diagnosis = await diagnosisOf(target("htpp"));
		expect(diagnosis.findings[0]).toMatchObject({ weight: "cause", finding: { kind: "targetPort", nearest: "http" } });
		expect(diagnosis.findings[0]?.fix?.at(-1)).toBe(
			'[{"op":"replace","path":"/spec/ports/0/targetPort","value":"http"}]',
		);
	});

	it("is suspect if containers declare other numbers only", async () => {
		const { findings, verdict } = await diagnosisOf(target(80));
		expect(findings).toMatchObject([
			{ weight: "suspect", finding: { kind: "targetPort", targetPort: 80, nearest: 8080 } },
		]);
		expect(verdict).toBe("suspect");
	});

	it("has no fix while it is only suspect", async () => {
		expect((await diagnosisOf(target(80))).findings[0]?.fix).toBeUndefined();
	});

	it.each([
		["containers that declare no port", [{ name: "echo" }]],
		[
			"a pod with a container that declares none next to one that does",
			[{ name: "echo" }, { name: "metrics", ports: [{ containerPort: 9090 }] }],
		],
	])("says nothing about %s", async (_, containers) => {
		const { findings } = await diagnosisOf((objects) => {
			target(80)(objects);
			objectNamed(objects, "pods", app1).spec.containers = containers;
		});
		expect(findings).toEqual([]);
	});
});

describe("what restricts or shadows the Service", () => {
	it("names the NetworkPolicies that select the pods, as a note", async () => {
		const policy = (name: string, podSelector: object, policyTypes?: string[]) => ({
			metadata: { name, namespace: "default" },
			spec: { podSelector, ...(policyTypes && { policyTypes }) },
		});
		const { findings, verdict } = await diagnosisOf((objects) => {
			objects.networkPolicies = [
				policy("all", {}),
				policy("echo", { matchExpressions: [{ key: "app", operator: "In", values: ["app1"] }] }, ["Ingress"]),
				policy("others", { matchLabels: { app: "dnsutils" } }),
				policy("outgoing", {}, ["Egress"]),
			];
		});
		expect(findings).toMatchObject([
			{ weight: "note", finding: { kind: "networkPolicies", policies: ["all", "echo"] } },
		]);
		expect(verdict).toBe("healthy");
	});

	it("reports a pod whose hostPort is the nodePort, for the same protocol", async () => {
		const ingress = (protocol: string) => ({
			metadata: { name: `ingress-${protocol.toLowerCase()}`, namespace: "edge" },
			spec: {
				nodeName: "nodeport-worker2",
				containers: [{ name: "web", ports: [{ containerPort: 80, hostPort: 30040, protocol }] }],
			},
		});
		const { findings } = await diagnosisOf((objects) => objects.pods.push(ingress("TCP"), ingress("UDP")));
		expect(findings).toMatchObject([
			{
				weight: "suspect",
				finding: { kind: "hostPort", pods: [{ pod: "edge/ingress-tcp", node: "nodeport-worker2" }] },
			},
		]);
	});

	it("doesn't report a hostPort on the loopback address", async () => {
		const { findings } = await diagnosisOf((objects) =>
			objects.pods.push({
				metadata: { name: "debug", namespace: "edge" },
				spec: {
					nodeName: "nodeport-worker2",
					containers: [{ name: "web", ports: [{ containerPort: 80, hostPort: 30040, hostIP: "127.0.0.1" }] }],
				},
			}),
		);
		expect(findings).toEqual([]);
	});

	it("expects no rules for a load balancer's address that works as a proxy", async () => {
		const { findings, predictions } = await diagnosisOf((objects) => {
			const service = objectNamed(objects, "services", "nodeport-service");
			service.spec.type = "LoadBalancer";
			service.status = { loadBalancer: { ingress: [{ ip: "192.0.2.200", ipMode: "Proxy" }] } };
		});
		expect(findings).toEqual([]);
		expect(predictions.filter(({ target }) => target.kind === "loadBalancer")).toEqual([]);
	});

	it("reports a load balancer without an address", async () => {
		const { findings } = await diagnosisOf((objects) => {
			objectNamed(objects, "services", "nodeport-service").spec.type = "LoadBalancer";
		});
		expect(findings).toMatchObject([{ weight: "suspect", finding: { kind: "loadBalancerPending" } }]);
	});
});

import { expect, it } from "vitest";
import { findingWords } from "../../../../../report/diagnosis/findings/diagnosisFindingText.ts";
import { diagnose } from "../../../../../verification/diagnosis/diagnosis.ts";
import { readDiagnosis } from "../../../../../verification/diagnosis/readDiagnosis.ts";
import { findingsOf, labObjects, MemorySource, objectNamed, type sliceObject } from "../labObjects.ts";

const worker2 = "nodeport-worker2";

it("reports a node that isn't Ready, with the kubelet's reason, and doesn't read its rules", async () => {
	const findings = await findingsOf((objects) => {
		objectNamed(objects, "nodes", worker2).status.conditions = [
			{
				type: "Ready",
				status: "Unknown",
				reason: "NodeStatusUnknown",
				message: "Kubelet stopped posting node status.",
			},
		];
	});
	expect(findings).toMatchObject([
		{ weight: "suspect", finding: { kind: "nodeNotReady", node: worker2, reason: "NodeStatusUnknown", endpoints: 0 } },
	]);
});

it("reports the nodes without a pod if the policy is Local", async () => {
	const findings = await findingsOf(() => {}, { name: "trace-local" });
	expect(findings).toMatchObject([
		{
			weight: "cause",
			finding: {
				kind: "localWithoutPod",
				policy: "external",
				nodes: ["nodeport-control-plane", worker2],
				nodesWithPod: ["nodeport-worker", "nodeport-worker3"],
			},
		},
	]);
});

it("names the ports if they have pods on different nodes", async () => {
	const findings = await findingsOf(
		(objects) => {
			const { spec } = objectNamed<{ spec: { ports: object[] } }>(objects, "services", "trace-local");
			spec.ports.push({ name: "admin", protocol: "TCP", port: 9090, targetPort: "admin", nodePort: 30049 });
			const { metadata, endpoints, addressType } = objectNamed<ReturnType<typeof sliceObject>>(
				objects,
				"endpointSlices",
				"trace-local-abcde",
			);
			const ports = [{ name: "admin", protocol: "TCP", port: 9090 }];
			const [one] = endpoints;
			objects.endpointSlices.push({
				metadata: { ...metadata, name: "more" },
				addressType,
				ports,
				endpoints: [one],
			} as object);
		},
		{ name: "trace-local" },
	);
	const local = findings.flatMap(({ finding }) => (finding.kind === "localWithoutPod" ? [finding] : []));
	expect(local.map(({ ports, nodesWithPod }) => [ports?.map(({ name }) => name), nodesWithPod])).toEqual([
		[["echo"], ["nodeport-worker", "nodeport-worker3"]],
		[["admin"], ["nodeport-worker"]],
	]);
	expect(local.map((finding) => findingWords(finding).title)).toContain(
		"externalTrafficPolicy is Local, and nodeport-control-plane, nodeport-worker2, nodeport-worker3 have no pod of the Service for port admin (9090/tcp)",
	);
});

it("only notes the nodes without a pod if a load balancer checks them", async () => {
	const findings = await findingsOf(
		(objects) => {
			const service = objectNamed(objects, "services", "trace-local");
			Object.assign(service.spec, { type: "LoadBalancer", healthCheckNodePort: 31000 });
			service.status = { loadBalancer: { ingress: [{ hostname: "lb.example" }] } };
		},
		{ name: "trace-local" },
	);
	expect(findings).toMatchObject([{ weight: "note", finding: { kind: "localWithoutPod", policy: "external" } }]);
});

it("only notes a node that isn't Ready if nothing of the Service depends on it", async () => {
	const findings = await findingsOf((objects) => {
		objectNamed(objects, "nodes", worker2).status.conditions = [];
		const { spec } = objectNamed<{ spec: { type: string; ports: object[] } }>(objects, "services", "nodeport-service");
		Object.assign(spec, { type: "ClusterIP", ports: spec.ports.map((port) => ({ ...port, nodePort: undefined })) });
	});
	expect(findings).toMatchObject([{ weight: "note", finding: { kind: "nodeNotReady", endpoints: 0 } }]);
});

it.each([
	["2001:db8::9", "note", []],
	[undefined, "note", []],
	["203.0.113.9", "note", []],
	["198.51.100.7", "cause", ["198.51.100.7"]],
])("compares the source ranges of a load balancer with client %s", async (outsideIp, weight, excluded) => {
	const objects = labObjects();
	const service = objectNamed(objects, "services", "nodeport-service");
	Object.assign(service.spec, { type: "LoadBalancer", loadBalancerSourceRanges: ["203.0.113.0/24"] });
	service.status = { loadBalancer: { ingress: [{ ip: "192.0.2.200" }] } };
	const input = await readDiagnosis(new MemorySource(objects), { namespace: "default", name: "nodeport-service" });
	const { findings } = diagnose({ ...input, outsideIp });
	const ranges = findings.filter(({ finding }) => finding.kind === "sourceRanges");
	expect(ranges).toMatchObject([{ weight, finding: { ranges: ["203.0.113.0/24"], excluded } }]);
});

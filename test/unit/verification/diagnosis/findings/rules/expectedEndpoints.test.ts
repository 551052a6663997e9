import { describe, expect, it } from "vitest";
import { type Objects, objectNamed, type sliceObject } from "../../labObjects.ts";
import { type Change, diagnosisOf, prepend, without } from "./changedRules.ts";

const worker2 = "nodeport-worker2";

it("treats terminating endpoints as kube-proxy does: they serve if no other does", async () => {
	const { findings, predictions } = await diagnosisOf("nodeport-service", {}, (objects) => {
		const [slice] = objects.endpointSlices as ReturnType<typeof sliceObject>[];
		for (const { conditions } of slice?.endpoints ?? []) {
			Object.assign(conditions, { ready: false, serving: true, terminating: true });
		}
		objectNamed(objects, "pods", "app1-6666c77bf5-p5nfg").metadata.deletionTimestamp = "2026-11-29T10:00:00Z";
	});
	expect(findings.map(({ weight, finding }) => `${weight} ${finding.kind}`)).toEqual(["suspect noReadyEndpoint"]);
	expect(predictions.every(({ ends }) => ends.every(({ outcome }) => outcome === "ok"))).toBe(true);
});

/** The slice of trace-cluster, which has two endpoints. */
const sliceOf = (objects: Objects) => objects.endpointSlices[1] as ReturnType<typeof sliceObject>;

/** kube-proxy's rules for a node without an endpoint, if a traffic policy is Local. */
const dropped = (chain: string, match: string): Change =>
	prepend("filter", [
		`-A ${chain} -p tcp -m comment --comment "default/trace-cluster:echo has no local endpoints" ${match} -j DROP`,
	]);

describe("kube-proxy's rules are right", () => {
	const toOneEndpoint: Change = (saved) => saved.replaceAll("10.244.3.3", "10.244.1.11");

	it("if they leave out a pod that terminates while another one is ready", async () => {
		const { findings } = await diagnosisOf("trace-cluster", { [worker2]: toOneEndpoint }, (objects) => {
			Object.assign(sliceOf(objects).endpoints[1]?.conditions ?? {}, { ready: false, terminating: true });
		});
		expect(findings).toEqual([]);
	});

	it.each([
		["zones", { forZones: [{ name: "a" }] }],
		["nodes", { forNodes: [{ name: worker2 }] }],
	])("if they lead a node only to the endpoints that hints for %s name", async (_, hints) => {
		const { findings } = await diagnosisOf("trace-cluster", { [worker2]: toOneEndpoint }, (objects) => {
			for (const endpoint of sliceOf(objects).endpoints) Object.assign(endpoint, { hints });
		});
		expect(findings).toEqual([]);
	});

	it("if internalTrafficPolicy is Local and the client's node has no endpoint", async () => {
		const change: Change = (saved) =>
			dropped(
				"KUBE-SERVICES",
				"-d 10.96.65.244/32 -m tcp --dport 8080",
			)(without(/-A KUBE-SERVICES -d 10\.96\.65\.244/)(saved));
		const { findings } = await diagnosisOf(
			"trace-cluster",
			{ [worker2]: change, "nodeport-control-plane": change },
			(objects) => {
				objectNamed(objects, "services", "trace-cluster").spec.internalTrafficPolicy = "Local";
			},
		);
		expect(findings.map(({ finding }) => finding.kind)).toEqual(["localWithoutPod"]);
	});

	it("if externalTrafficPolicy is Local and kube-proxy can't recognize the cluster's own pods", async () => {
		const change = without(/-A KUBE-EXT-3RKJZLHGJL2SGMOX -s 10\.244/);
		const changes = {
			"nodeport-worker": change,
			[worker2]: change,
			"nodeport-worker3": change,
			"nodeport-control-plane": change,
		};
		const { findings } = await diagnosisOf("trace-local", changes);
		expect(findings.map(({ finding }) => finding.kind)).toEqual(["localWithoutPod"]);
	});
});

it("a ClusterIP whose rules lack an endpoint is a finding too", async () => {
	const change: Change = (saved) =>
		saved.replace(/(-A KUBE-SVC-YU6SPXMK2PIORLLX .* -> 10\.244\.1\.11:8080" )-m statistic .*? (-j )/, "$1$2");
	const { findings } = await diagnosisOf("trace-cluster", { [worker2]: change });
	expect(findings.map(({ finding }) => finding.kind === "nodeRules" && finding.problem)).toEqual([
		{ kind: "outdated", expected: ["10.244.1.11:8080", "10.244.3.3:8080"], observed: ["10.244.1.11:8080"] },
	]);
});

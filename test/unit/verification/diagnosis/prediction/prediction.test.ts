import { describe, expect, it } from "vitest";
import { verdictText } from "../../../../../report/diagnosis/diagnosisText.ts";
import { resultText } from "../../../../../report/diagnosis/predictionText.ts";
import { type Change, diagnosisOf, prepend } from "../findings/rules/changedRules.ts";
import { labObjects, objectNamed, type sliceObject } from "../labObjects.ts";

const worker2 = "nodeport-worker2";

describe("an endpoint that isn't in a pod network of the inspected nodes", () => {
	/** All nodes' rules and the EndpointSlice have another address than that of the captured pod. */
	function withEndpoint(address: string, nodeName: string | undefined) {
		const change: Change = (saved) => saved.replaceAll("10.244.1.10", address);
		const changes = Object.fromEntries(labObjects().nodes.map((node) => [nameOf(node), change]));
		return diagnosisOf("nodeport-service", changes, (objects) => {
			const [slice] = objects.endpointSlices as ReturnType<typeof sliceObject>[];
			for (const endpoint of slice?.endpoints ?? []) Object.assign(endpoint, { addresses: [address], nodeName });
		});
	}

	const nameOf = (object: object) => (object as { metadata: { name: string } }).metadata.name;

	it("answers if it is a pod in its node's network", async () => {
		const { findings, predictions } = await withEndpoint("172.18.0.8", "nodeport-worker");
		expect(findings).toEqual([]);
		const fromElsewhere = predictions.filter(({ client }) => ["outside", "podOnOtherNode"].includes(client.kind));
		expect(new Set(fromElsewhere.flatMap(({ ends }) => ends.map(({ end }) => end.kind)))).toEqual(new Set(["pod"]));
		// On its own node, it isn't known which of the node's addresses masquerading chooses.
		expect(predictions.flatMap(({ ends }) => ends).filter(({ end }) => end.kind === "node")).toEqual([]);
	});

	it.each([
		["a machine outside the cluster", undefined],
		["a node that isn't inspected", "windows-1"],
	])("is where the packets go, although what happens there isn't known: %s", async (_, node) => {
		const { findings, predictions } = await withEndpoint("10.0.5.3", node);
		expect(findings).toEqual([]);
		const outside = predictions.find(({ client, target }) => client.kind === "outside" && target.node === worker2);
		expect(outside && resultText(outside)).toBe(
			"unknown on that node: it is sent to endpoint 10.0.5.3:8080, which isn't on a node whose rules were read",
		);
	});
});

it("predicts each port of a Service on its own, with its own endpoints", async () => {
	const { predictions } = await diagnosisOf("trace-cluster", {}, (objects) => {
		const { spec } = objectNamed<{ spec: { ports: object[] } }>(objects, "services", "trace-cluster");
		spec.ports.push({ name: "dns", protocol: "UDP", port: 53, targetPort: 8080, nodePort: 30053 });
		const slice = objects.endpointSlices[1] as ReturnType<typeof sliceObject>;
		slice.ports.push({ name: "dns", protocol: "UDP", port: 8080 });
	});
	const outside = predictions.filter(({ client }) => client.kind === "outside");
	const byProtocol = (protocol: string) => outside.filter(({ target }) => target.protocol === protocol);
	expect(byProtocol("tcp").map(({ ends }) => ends[0]?.outcome)).toEqual(["ok", "ok", "ok", "ok"]);
	// The captured rules have no such port: nobody answers.
	expect(byProtocol("udp").map(({ ends }) => ends[0]?.end.kind)).toEqual(["node", "node", "node", "node"]);
});

it("doesn't claim which client address a pod sees behind a network plugin that isn't kind's", async () => {
	const { predictions } = await diagnosisOf("nodeport-service", {}, (objects) => {
		objects.pods = objects.pods.filter((pod) => !JSON.stringify(pod).includes('"kindnet"'));
	});
	const outside = predictions.find(({ client, target }) => client.kind === "outside" && target.node === worker2);
	expect(outside && resultText(outside)).toBe("reaches a pod, which sees an address of that node");
	const inside = predictions.find(
		({ client, target }) => client.kind === "podOnOtherNode" && target.kind === "clusterIp",
	);
	expect(inside && resultText(inside)).toBe("reaches a pod, which sees the client's own address");
});

it("doesn't call a Service healthy without saying which requests are unknown", async () => {
	const strange = prepend("mangle", ["-A PREROUTING -p tcp -m strange --with option -j DROP"]);
	const diagnosis = await diagnosisOf("nodeport-service", { [worker2]: strange });
	expect(diagnosis.findings).toEqual([]);
	const unknown = diagnosis.predictions.filter(({ ends }) => ends.some(({ end }) => end.kind === "unknown"));
	expect(unknown.length).toBeGreaterThan(0);
	expect(verdictText(diagnosis)).toContain(
		`the result of ${unknown.length} of ${diagnosis.predictions.length} predicted requests is unknown.`,
	);
});

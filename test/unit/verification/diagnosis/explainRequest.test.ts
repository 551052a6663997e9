import { describe, expect, it } from "vitest";
import { journeyText } from "../../../../report/journeyText.ts";
import { type ExplainRequest, resolveRequest } from "../../../../verification/diagnosis/explainRequest.ts";
import { readDiagnosis } from "../../../../verification/diagnosis/readDiagnosis.ts";
import { rulesetsFor } from "../../../../verification/diagnosis/rulesFromSource.ts";
import { journeyOf } from "../../../../verification/journey/journey.ts";
import { recordJourney } from "../../../../verification/journey/recordJourneys.ts";
import { labObjects, MemorySource, type Objects, objectNamed, podObject } from "./labObjects.ts";
import { refusalOf } from "./refusal.ts";

async function resolved(
	request: ExplainRequest,
	change: (objects: Objects) => void = () => {},
	name = "nodeport-service",
) {
	const objects = labObjects();
	change(objects);
	const source = new MemorySource(objects);
	const input = await readDiagnosis(source, { namespace: "default", name });
	return { input, ...(await resolveRequest(source, input, request)) };
}

const ownIp = (ip: string) => ({ ip, ips: [ip] });

describe("--from", () => {
	it.each([
		["dnsutils", { network: "pod", node: "nodeport-worker3", ...ownIp("10.244.3.2") }],
		["kube-system/kube-dns-1", { network: "pod", node: "nodeport-control-plane", ...ownIp("10.244.0.9") }],
		["10.244.3.2", { network: "pod", node: "nodeport-worker3", ...ownIp("10.244.3.2") }],
		["10.244.2.200", { network: "pod", node: "nodeport-worker2", ip: "10.244.2.200" }],
		["nodeport-worker2", { network: "node", node: "nodeport-worker2", ip: "172.18.0.9" }],
		["172.18.0.9", { network: "node", node: "nodeport-worker2", ip: "172.18.0.9" }],
		["203.0.113.5", { network: "outside", ip: "203.0.113.5" }],
	])("%s is found", async (from, place) => {
		const { client } = await resolved({ from, to: "nodeport-worker" }, (objects) => {
			const dns = podObject("kube-dns-1", "nodeport-control-plane", "10.244.0.9", {});
			objects.pods.push({ ...dns, metadata: { ...dns.metadata, namespace: "kube-system" } });
		});
		expect(client).toEqual(place);
	});

	it.each(["nobody", "kube-system/nobody", ""])("%j isn't found: the message says what is allowed", async (from) => {
		expect(await refusalOf(() => resolved({ from, to: "nodeport-worker" }))).toContain(
			`--from "${from}" not found: must be <pod>, <namespace>/<pod>, <node> or <IP address>; nodes: nodeport-control-plane, `,
		);
	});
});

describe("--to", () => {
	const twoPorts = (objects: Objects) => {
		const { spec } = objectNamed<{ spec: { ports: object[] } }>(objects, "services", "nodeport-service");
		spec.ports.push({ name: "dns", protocol: "UDP", port: 53, targetPort: 53, nodePort: 30053 });
	};

	it.each([
		["nodeport-worker:30053", { address: "172.18.0.8", port: 30053, protocol: "udp" }],
		["nodeport-worker:30040", { address: "172.18.0.8", port: 30040, protocol: "tcp" }],
		["10.96.132.81:53", { address: "10.96.132.81", port: 53, protocol: "udp" }],
		["nodeport-service:8080", { address: "10.96.132.81", port: 8080, protocol: "tcp" }],
	])("%s is for the port of the Service that it names", async (to, destination) => {
		expect((await resolved({ from: "dnsutils", to }, twoPorts)).destination).toEqual(destination);
	});

	it("needs a port if the Service has several", async () => {
		expect(await refusalOf(() => resolved({ from: "dnsutils", to: "nodeport-worker" }, twoPorts))).toContain(
			"name one: <host>:<port>; ports: 8080/tcp (nodePort 30040), 53/udp (nodePort 30053)",
		);
	});

	it.each([
		[undefined, "nodeport-worker"],
		["nodeport-worker2", "nodeport-worker2"],
	])("an external address is reached through %s", async (through, entry) => {
		const { destination } = await resolved({ from: "203.0.113.5", to: "192.0.2.200:8080", through }, (objects) => {
			objectNamed(objects, "services", "nodeport-service").spec.externalIPs = ["192.0.2.200"];
		});
		expect(destination.entry).toBe(entry);
	});
});

it("explains the journey over all nodes, as for the lab's own Service", async () => {
	const { input, view, client, destination } = await resolved({ from: "dnsutils", to: "nodeport-worker2" });
	const branches = journeyOf(view.snapshot, rulesetsFor(input.rules, view), client, destination);
	const text = journeyText(recordJourney("dnsutils", "", branches));
	expect(text).toMatch(/^1\. The packet to 172\.18\.0\.9:30040 arrives at nodeport-worker3/);
	expect(text).toMatch(/answers, and sees the client IP 172\.18\.0\.9\.$/);
});

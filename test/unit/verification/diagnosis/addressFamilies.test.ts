import { describe, expect, it } from "vitest";
import { diagnosisText } from "../../../../report/diagnosis/diagnosisText.ts";
import { gapTexts } from "../../../../report/diagnosis/gapText.ts";
import { diagnose } from "../../../../verification/diagnosis/diagnosis.ts";
import { resolveRequest } from "../../../../verification/diagnosis/explainRequest.ts";
import { readDiagnosis } from "../../../../verification/diagnosis/readDiagnosis.ts";
import { asIpv6, dualStackObjects, dualStackSource } from "./dualStack.ts";
import { type Objects, objectNamed } from "./labObjects.ts";
import { refusalOf } from "./refusal.ts";

const worker2 = "nodeport-worker2";
const name = "nodeport-service";
const service = { namespace: "default", name };

async function diagnosisOf(
	change: (node: string, saved: string) => string = (_, saved) => saved,
	objects: Objects = dualStackObjects(name),
) {
	return diagnose(await readDiagnosis(dualStackSource(objects, change), service));
}

const onWorker2 = (change: (saved: string) => string) => (node: string, saved: string) =>
	node === worker2 ? change(saved) : saved;

describe("a dual-stack Service", () => {
	it("is predicted in both families, and is healthy", async () => {
		const { findings, gaps, predictions, verdict } = await diagnosisOf();
		expect({ findings, gaps, verdict }).toEqual({ findings: [], gaps: [], verdict: "healthy" });
		const ofFamily = (isIpv6: boolean) => predictions.filter(({ target }) => target.address.startsWith("[") === isIpv6);
		// The loopback address is a target of IPv4 only.
		expect(ofFamily(true).length).toBe(ofFamily(false).length - 1);
		const kinds = new Set(ofFamily(true).map(({ client, target }) => `${client.kind} ${target.kind}`));
		expect([...kinds].sort()).toEqual([
			"endpoint clusterIp",
			"endpoint nodePort",
			"nodeProcess clusterIp",
			"nodeProcess nodePort",
			"outside nodePort",
			"podOnEndpointNode clusterIp",
			"podOnEndpointNode nodePort",
			"podOnOtherNode clusterIp",
			"podOnOtherNode nodePort",
		]);
		expect(new Set(ofFamily(true).flatMap(({ ends }) => ends.map(({ end }) => end.kind)))).toEqual(new Set(["pod"]));
	});

	it("is one table, whose rows name the family", async () => {
		const text = diagnosisText(await diagnosisOf(), {}, { color: false });
		expect(text).toMatch(/^outside the cluster \(198\.51\.100\.7\) over IPv4$/m);
		expect(text).toMatch(/^outside the cluster \(2001:db8:100::7\) over IPv6$/m);
		expect(text).not.toContain("each of 8 nodes");
	});

	it.each<[string, (saved: string) => string, object]>([
		[
			"don't serve the nodePort",
			(saved) => saved.replaceAll(/^.*--dport 30040 .*$\n/gm, ""),
			{ problem: { kind: "missing" } },
		],
		[
			"lead to a pod that is gone",
			(saved) => saved.replaceAll("fd00:10:244:1::a", "fd00:10:244:1::63"),
			{
				problem: { kind: "outdated", expected: ["[fd00:10:244:1::a]:8080"], observed: ["[fd00:10:244:1::63]:8080"] },
			},
		],
	])("has a finding of its IPv6 rules alone if they %s", async (_, change, finding) => {
		const { findings } = await diagnosisOf(onWorker2(change));
		expect(findings).toMatchObject([
			{ weight: "cause", finding: { kind: "nodeRules", nodes: [worker2], family: "ipv6", ...finding } },
		]);
	});

	it("on a node whose kube-proxy serves IPv4 only is a finding, and a restart isn't its fix", async () => {
		const diagnosis = await diagnosisOf(onWorker2(() => ""));
		expect(diagnosis.findings).toMatchObject([
			{ weight: "cause", finding: { kind: "unusableRules", node: worker2, family: "ipv6" } },
		]);
		expect(diagnosis.findings[0]?.fix).toBeUndefined();
		expect(diagnosisText(diagnosis, {}, { color: false })).toContain(
			"the IPv6 rules of nodeport-worker2 can't serve a Service",
		);
	});

	it("on nodes without IPv6 addresses is predicted over IPv4 only, and a gap says so", async () => {
		const objects = dualStackObjects(name);
		for (const node of objects.nodes as { status: { addresses: object[] } }[]) node.status.addresses.splice(1);
		const { predictions, gaps } = await diagnosisOf(undefined, objects);
		expect(predictions.some(({ target }) => target.address.startsWith("["))).toBe(false);
		expect(gapTexts(gaps)).toEqual([
			"IPv6 rules of nodeport-control-plane, nodeport-worker, nodeport-worker2, nodeport-worker3: the node has no InternalIP of this family; would show what happens to packets there, and who drops them",
		]);
	});
});

it("predicts a Service that has only IPv6 addresses", async () => {
	const { predictions, findings, service } = await diagnosisOf(undefined, dualStackObjects(name, ["IPv6"]));
	expect(service.clusterIp).toBe(asIpv6("10.96.132.81"));
	expect(findings).toEqual([]);
	expect(predictions.every(({ target }) => target.address.startsWith("["))).toBe(true);
	expect(predictions.length).toBeGreaterThan(20);
});

it.each([
	["dnsutils", `[${asIpv6("172.18.0.9")}]:30040`, asIpv6("10.244.3.2")],
	["dnsutils", "172.18.0.9:30040", "10.244.3.2"],
	["2001:db8::5", "nodeport-worker2:30040", "2001:db8::5"],
	["nodeport-worker3", `[${asIpv6("10.96.132.81")}]:8080`, asIpv6("172.18.0.6")],
])("explains a packet from %s to %s in the family of its addresses", async (from, to, ip) => {
	const source = dualStackSource(dualStackObjects(name));
	const { client } = await resolveRequest(source, await readDiagnosis(source, service), { from, to });
	expect(client.ip).toBe(ip);
});

it("names the family if a pod has no address of it", async () => {
	const objects = dualStackObjects(name);
	Object.assign(objectNamed(objects, "pods", "dnsutils").status, { podIPs: undefined });
	const source = dualStackSource(objects);
	const request = { from: "dnsutils", to: `[${asIpv6("172.18.0.9")}]:30040` };
	const input = await readDiagnosis(source, service);
	expect(await refusalOf(() => resolveRequest(source, input, request))).toBe(
		'--from "dnsutils": the pod has no node or no IPv6 address yet',
	);
});

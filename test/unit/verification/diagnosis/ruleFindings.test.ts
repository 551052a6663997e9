import { describe, expect, it } from "vitest";
import { verdictText } from "../../../../report/diagnosis/diagnosisText.ts";
import { resultText } from "../../../../report/diagnosis/predictionText.ts";
import { diagnose } from "../../../../verification/diagnosis/diagnosis.ts";
import { readDiagnosis } from "../../../../verification/diagnosis/readDiagnosis.ts";
import { fixture } from "../trace/traceLab.ts";
import { labObjects, MemorySource, type Objects, objectNamed, podObject, type sliceObject } from "./labObjects.ts";

const worker2 = "nodeport-worker2";

/** How the rules that a node prints differ from the captured ones. */
type Change = (saved: string) => string;

async function diagnosisOf(
	name: string,
	changes: Record<string, Change>,
	change: (objects: Objects) => void = () => {},
) {
	const objects = labObjects();
	change(objects);
	const run = (node: string, program: string[]) => {
		const changed = changes[node];
		if (!changed || program[0] !== "iptables-save") return undefined;
		return { code: 0, stdout: changed(fixture(`${node}.iptables.txt`)), stderr: "" };
	};
	return diagnose(await readDiagnosis(new MemorySource(objects, { run }), { namespace: "default", name }));
}

/** Puts rules before all others of a chain, and the chains that they need. */
const prepend =
	(table: string, rules: string[], chains: string[] = []): Change =>
	(saved) => {
		const [before = "", after = ""] = saved.split(`*${table}\n`);
		const at = after.search(/^(\[\d+:\d+\] -A |COMMIT$)/m);
		const declared = chains.map((chain) => `:${chain} - [0:0]\n`).join("");
		const added = rules.map((rule) => `[0:0] ${rule}\n`).join("");
		return `${before}*${table}\n${after.slice(0, at)}${declared}${added}${after.slice(at)}`;
	};

const without =
	(pattern: RegExp): Change =>
	(saved) =>
		saved
			.split("\n")
			.filter((line) => !pattern.test(line))
			.join("\n");

const accept = "-j ACCEPT";

describe("a rule of somebody else that comes first", () => {
	it.each<[string, string, Change, object]>([
		[
			"ufw drops",
			"ufw",
			prepend(
				"filter",
				["-A FORWARD -j ufw-before-forward", "-A ufw-before-forward -d 10.244.0.0/16 -p tcp -j DROP"],
				["ufw-before-forward"],
			),
			{ kind: "drop" },
		],
		[
			"firewalld rejects",
			"firewalld",
			prepend(
				"filter",
				["-A FORWARD -j FORWARD_ZONES", "-A FORWARD_ZONES -p tcp -j REJECT --reject-with icmp-host-prohibited"],
				["FORWARD_ZONES"],
			),
			{ kind: "reject", with: "icmp-host-prohibited" },
		],
		[
			"fail2ban drops a subnet",
			"fail2ban",
			prepend(
				"mangle",
				["-A PREROUTING -j f2b-nodeports", "-A f2b-nodeports -p tcp -m tcp --dport 30040 -j DROP"],
				["f2b-nodeports"],
			),
			{ kind: "drop" },
		],
		[
			"an administrator drops",
			"unknown",
			prepend("mangle", ["-A PREROUTING -p tcp -m tcp --dport 30040 -j DROP"]),
			{ kind: "drop" },
		],
		[
			"a comment begins with kubernetes, and kube-proxy didn't write it",
			"unknown",
			prepend("mangle", [
				'-A PREROUTING -p tcp -m comment --comment "kubernetes nodeports only from the office" -m tcp --dport 30040 -j DROP',
			]),
			{ kind: "drop" },
		],
		[
			"Docker publishes the same port",
			"Docker",
			prepend(
				"nat",
				["-A PREROUTING -j DOCKER", "-A DOCKER -p tcp -m tcp --dport 30040 -j DNAT --to-destination 172.17.0.2:80"],
				["DOCKER"],
			),
			{ kind: "translate", to: "172.17.0.2:80" },
		],
		[
			"a hostPort takes the port",
			"hostPort (CNI portmap)",
			prepend(
				"nat",
				[
					"-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT",
					"-A CNI-HOSTPORT-DNAT -p tcp -m tcp --dport 30040 -j DNAT --to-destination 10.244.2.77:80",
				],
				["CNI-HOSTPORT-DNAT"],
			),
			{ kind: "translate", to: "10.244.2.77:80" },
		],
	])("is named with its owner: %s", async (_, owner, change, effect) => {
		const { findings, verdict } = await diagnosisOf("nodeport-service", { [worker2]: change });
		expect(findings.length).toBeGreaterThan(0);
		for (const { weight, finding } of findings) {
			expect({ weight, finding }).toMatchObject({
				weight: "cause",
				finding: { kind: "foreignRule", nodes: [worker2], owner, effect },
			});
		}
		expect(verdict).toBe("broken");
	});

	it("hides clients although the policy keeps their addresses", async () => {
		const rule = '-A POSTROUTING -s 198.51.100.0/24 -m comment --comment "flanneld masq" -j MASQUERADE';
		const { findings } = await diagnosisOf("trace-local", { "nodeport-worker": prepend("nat", [rule]) });
		const foreign = findings.flatMap(({ finding }) => (finding.kind === "foreignRule" ? [finding] : []));
		expect(foreign).toMatchObject([{ owner: "flannel", nodes: ["nodeport-worker"], effect: { kind: "masquerade" } }]);
	});

	it("is no finding if it accepts the packets", async () => {
		const change = prepend("filter", [`-A FORWARD -p tcp ${accept}`, `-A INPUT -p tcp ${accept}`]);
		const { findings } = await diagnosisOf("nodeport-service", { [worker2]: change });
		expect(findings).toEqual([]);
	});

	it("is one finding for all nodes that have it", async () => {
		const drop = prepend("mangle", ["-A PREROUTING -p tcp -m tcp --dport 30040 -j DROP"]);
		const changes = {
			[worker2]: drop,
			"nodeport-worker": drop,
			"nodeport-worker3": drop,
			"nodeport-control-plane": drop,
		};
		const { findings } = await diagnosisOf("nodeport-service", changes);
		expect(findings.map(({ finding }) => ("nodes" in finding ? finding.nodes.length : 0))).toEqual([4]);
	});
});

describe("kube-proxy's rules of a node", () => {
	it.each<[string, string, Change, object]>([
		["don't serve the nodePort", "nodeport-service", without(/--dport 30040 /), { kind: "missing" }],
		[
			"don't know the ClusterIP",
			"nodeport-service",
			without(/-A KUBE-SERVICES -d 10\.96\.132\.81/),
			{ kind: "missing" },
		],
		[
			"lead to a pod that is gone",
			"nodeport-service",
			(saved) => saved.replaceAll("10.244.1.10", "10.244.1.99"),
			{ kind: "outdated", expected: ["10.244.1.10:8080"], observed: ["10.244.1.99:8080"] },
		],
		[
			"don't know one of two endpoints",
			"trace-cluster",
			(saved) => saved.replaceAll("10.244.3.3", "10.244.1.11"),
			{ kind: "outdated", expected: ["10.244.1.11:8080", "10.244.3.3:8080"], observed: ["10.244.1.11:8080"] },
		],
		[
			"still say that it has no endpoints",
			"nodeport-service",
			prepend("filter", [
				'-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "default/nodeport-service:echo has no endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30040 -j REJECT --reject-with icmp-port-unreachable',
			]),
			{ kind: "noEndpoints", expected: ["10.244.1.10:8080"] },
		],
		[
			"belong to another Service",
			"nodeport-service",
			(saved) =>
				saved.replace(
					/(-A KUBE-NODEPORTS -p tcp .*)default\/nodeport-service:echo(.*--dport 30040 .*)KUBE-EXT-SR75RJIBNEHN2H65/,
					"$1default/trace-cluster:echo$2KUBE-EXT-YU6SPXMK2PIORLLX",
				),
			{ kind: "otherService", service: "default/trace-cluster" },
		],
	])("%s", async (_, name, change, problem) => {
		// The rejection only meets packets that no rule of table nat translates.
		const changed: Change =
			"expected" in problem && !("observed" in problem)
				? (saved) => change(without(/-A KUBE-NODEPORTS .*--dport 30040 /)(saved))
				: change;
		const { findings } = await diagnosisOf(name, { [worker2]: changed });
		expect(findings[0]).toMatchObject({
			weight: "cause",
			finding: { kind: "nodeRules", nodes: [worker2], problem },
			fix: ["kubectl", "-n", "kube-system", "delete", "pod", `kube-proxy-${worker2}`],
		});
		expect(findings.every(({ finding }) => finding.kind === "nodeRules")).toBe(true);
	});

	it("are suspect if they stop requests and nothing explains why", async () => {
		const change = prepend("filter", ["-A KUBE-FORWARD -p tcp -m tcp --dport 8080 -j DROP"]);
		const { findings, verdict } = await diagnosisOf("nodeport-service", { [worker2]: change });
		expect(findings).toMatchObject([
			{
				weight: "suspect",
				finding: { kind: "foreignRule", nodes: [worker2], owner: "kube-proxy", rule: { chain: "KUBE-FORWARD" } },
			},
		]);
		expect(verdict).toBe("suspect");
	});

	it("are missing altogether", async () => {
		const { findings } = await diagnosisOf("nodeport-service", { [worker2]: () => "" });
		expect(findings).toMatchObject([
			{
				weight: "cause",
				finding: { kind: "unusableRules", node: worker2, problem: { kind: "noProxyRules", leftovers: false } },
				fix: ["kubectl", "delete", "pod", "-n", "kube-system", `kube-proxy-${worker2}`],
			},
		]);
	});
});

it("treats terminating endpoints as kube-proxy does: they serve if no other does", async () => {
	const { findings, predictions } = await diagnosisOf("nodeport-service", {}, (objects) => {
		const [slice] = objects.endpointSlices as ReturnType<typeof sliceObject>[];
		for (const { conditions } of slice?.endpoints ?? []) {
			Object.assign(conditions, { ready: false, serving: true, terminating: true });
		}
		objectNamed(objects, "pods", "app1-6666c77bf5-p5nfg").metadata.deletionTimestamp = "2026-11-29T10:00:00Z";
	});
	expect(findings).toEqual([]);
	expect(predictions.every(({ ends }) => ends.every(({ outcome }) => outcome === "ok"))).toBe(true);
});

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
	expect(outside && resultText(outside)).toBe("ok; the pod sees an address of that node");
	const inside = predictions.find(
		({ client, target }) => client.kind === "podOnOtherNode" && target.kind === "clusterIp",
	);
	expect(inside && resultText(inside)).toBe("ok; the pod sees the client's own address");
});

it("doesn't predict what it can't read: the node's requests are unknown, and a gap says why", async () => {
	const objects = labObjects();
	const stderr = 'pods "kube-proxy" is forbidden: User "dev" cannot create resource "pods/exec"';
	const run = () => ({ code: -1, stdout: "", stderr });
	const input = await readDiagnosis(new MemorySource(objects, { run }), {
		namespace: "default",
		name: "nodeport-service",
	});
	const { predictions, findings, gaps, verdict } = diagnose(input);
	expect({ predictions, findings, verdict }).toEqual({ predictions: [], findings: [], verdict: "healthy" });
	expect(gaps.map(({ subject, reason }) => `${subject} ${reason}`)).toEqual(Array(4).fill("rules forbidden"));
});

it("doesn't call a Service healthy without saying which requests are unknown", async () => {
	const strange = prepend("mangle", ["-A PREROUTING -p tcp -m strange --with option -j DROP"]);
	const diagnosis = await diagnosisOf("nodeport-service", { [worker2]: strange });
	expect(diagnosis.findings).toEqual([]);
	const unknown = diagnosis.predictions.filter(({ ends }) => ends.some(({ end }) => end.kind === "unknown"));
	expect(unknown.length).toBeGreaterThan(0);
	expect(verdictText(diagnosis)).toContain(
		`What happens to ${unknown.length} of ${diagnosis.predictions.length} predicted requests isn't known.`,
	);
});

it.each(["services", "nodes", "pods", "endpointSlices", "networkPolicies", "configMaps"] as const)(
	"goes on if %s are forbidden, unless it is the Service itself",
	async (kind) => {
		const refused = { [kind]: { kind: "forbidden" as const, message: `${kind} is forbidden` } };
		const read = readDiagnosis(new MemorySource(labObjects(), { refused }), {
			namespace: "default",
			name: "nodeport-service",
		});
		if (kind === "services")
			return expect(read).rejects.toThrow("Service default/nodeport-service can't be read: services is forbidden");
		const { findings, gaps } = diagnose(await read);
		expect(findings).toEqual([]);
		expect(gaps.length).toBeGreaterThan(0);
		expect(gaps.every(({ reason, message }) => reason === "forbidden" && message === `${kind} is forbidden`)).toBe(
			true,
		);
	},
);

it("names Services of the namespace if the wanted one doesn't exist", async () => {
	const read = readDiagnosis(new MemorySource(labObjects()), { namespace: "default", name: "nodeport" });
	await expect(read).rejects.toThrow(
		"Service default/nodeport not found; the namespace has nodeport-service, trace-cluster, trace-local, trace-empty",
	);
});

it("reads the rules of 50 nodes of a larger cluster, those with endpoints among them", async () => {
	const { nodes } = await diagnosisOf("nodeport-service", {}, (objects) => {
		const template = objects.nodes[1] as { metadata: { name: string } };
		for (let i = 0; i < 200; i++) objects.nodes.push({ ...template, metadata: { name: `extra-${i}` } });
		objects.pods.push(podObject("other", "extra-7", "10.244.1.77", {}));
	});
	expect(nodes.inspected.length).toBe(50);
	expect(nodes.inspected).toContain("nodeport-worker");
	expect(nodes.total).toBe(204);
});

describe("rules next to kube-proxy's", () => {
	async function withAnswer(asked: string, code: number, stdout: string) {
		const run = (node: string, program: string[]) =>
			node === worker2 && program[0] === asked
				? { code, stdout, stderr: code === 0 ? "" : `${asked}: not found` }
				: undefined;
		const source = new MemorySource(labObjects(), { run });
		return diagnose(await readDiagnosis(source, { namespace: "default", name: "nodeport-service" }));
	}

	it("that an earlier kube-proxy left in legacy iptables are noted", async () => {
		const legacy = [
			"# Generated by iptables-save v1.8.9 on Mon Mar  3 10:11:12 2025",
			"*nat",
			":PREROUTING ACCEPT [0:0]",
			":KUBE-SERVICES - [0:0]",
			"COMMIT",
			"# Completed on Mon Mar  3 10:11:12 2025",
			"",
		].join("\n");
		const { findings, verdict } = await withAnswer("iptables-legacy-save", 0, legacy);
		expect(findings).toMatchObject([
			{ weight: "note", finding: { kind: "leftoverRules", nodes: [worker2], backend: "iptables-legacy" } },
		]);
		expect(verdict).toBe("healthy");
	});

	it("that can't be read are a gap", async () => {
		const diagnosis = await withAnswer("nft", 127, "");
		const { findings, gaps } = diagnosis;
		expect(findings).toEqual([]);
		expect(verdictText(diagnosis)).toMatch(/agree, as far as they could be read\.$/);
		expect(gaps).toMatchObject([{ subject: "otherRules", node: worker2 }]);
	});
});

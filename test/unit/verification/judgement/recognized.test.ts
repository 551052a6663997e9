/** What looks like a fault of kube-proxy's rules and isn't one, or is another program's. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { endpointsOf } from "../../../../kubernetes/familyViews.ts";
import type { Node } from "../../../../kubernetes/model.ts";
import { isUsable, toEndpoint } from "../../../../kubernetes/objects.ts";
import type { Place } from "../../../../kubernetes/snapshot.ts";
import { parseIptablesSave } from "../../../../netfilter/iptables/parse.ts";
import { walkIptables } from "../../../../netfilter/iptables/walk.ts";
import { ownerOf } from "../../../../netfilter/owners.ts";
import { findingText } from "../../../../report/findingText.ts";
import { networkOf } from "../../../../verification/journey/nodeNetwork.ts";
import { eligibleEndpoints, expect as predict } from "../../../../verification/judgement/predict.ts";
import { rulesProblem } from "../../../../verification/judgement/rulesProblem.ts";
import type { Ruleset } from "../../../../verification/ruleset.ts";
import { outside, sampleView } from "../sampleSnapshot.ts";

const caseOf = (name: string): string =>
	readFileSync(new URL(`../../../fixtures/cases/${name}`, import.meta.url), "utf8");

const [sample = expect.fail("there is a node")] = sampleView().nodes;
const nodeOf = (name: string, host: number, version = "v1.36.3"): Node => ({
	...sample,
	name,
	internalIp: `192.0.2.${host}`,
	podCidr: `10.244.${host - 10}.0/24`,
	kubeletVersion: version,
});
const service = { ...sampleView().service, name: "web", clusterIp: "10.96.0.50", port: 80, nodePort: 30_080 };

describe("an endpoint that terminates and still serves", () => {
	const endpoints = endpointsOf(
		[{ addressType: "IPv4", ...JSON.parse(caseOf("36-terminating-endpoint.json")) }],
		"ipv4",
		{},
	)
		.filter(isUsable)
		.map(toEndpoint);
	const view = (policy: "Local" | "Cluster", version?: string) =>
		sampleView({
			nodes: [nodeOf("worker-1", 11, version), nodeOf("worker-2", 12, version)],
			service: { ...service, externalTrafficPolicy: policy },
			endpoints,
		});
	const toWorker1 = { kind: "nodePort" as const, address: "192.0.2.11:30080", node: "worker-1" };

	it("answers under policy Local if it is the only one on the node", () => {
		expect(predict(view("Local"), [], "iptables", outside, toWorker1)).toMatchObject({
			outcome: "ok",
			podIps: ["10.244.1.5"],
		});
	});

	it("doesn't answer under policy Cluster while another one is ready", () => {
		expect(eligibleEndpoints(view("Cluster"), outside, toWorker1).map(({ ip }) => ip)).toEqual(["10.244.2.6"]);
	});

	it("isn't used by kube-proxy before 1.26", () => {
		expect(predict(view("Local", "v1.25.16"), [], "iptables", outside, toWorker1).outcome).toBe("timeout");
	});

	it("answers under policy Cluster if no endpoint is ready", () => {
		const only = { ...view("Cluster"), endpoints: endpoints.filter(({ terminating }) => terminating) };
		expect(eligibleEndpoints(only, outside, toWorker1).map(({ ip }) => ip)).toEqual(["10.244.1.5"]);
	});
});

/** The node's rules as iptables-save prints them. */
function rulesetOf(saved: string, node: Node): Ruleset {
	const tables = parseIptablesSave(saved);
	return {
		backend: "iptables-nft",
		proxyMode: "iptables",
		walk: (packet) => walkIptables(tables, packet, networkOf(node)),
		rulesOf: () => [],
		rememberedBy: () => [],
		notUnderstood: () => [],
		hidesBridged: () => undefined,
		ruleText: () => undefined,
		ruleTextByHandle: () => () => undefined,
		gaps: [],
		leftovers: [],
	};
}

describe("a node's rules", () => {
	const node = nodeOf("worker-1", 11);
	const pod: Place = { network: "pod", node: node.name, ip: "10.244.1.9" };
	const ready = [{ ip: "10.244.1.5", port: 8080, node: "worker-1", pod: "a" }];
	const dns = {
		clusterIp: "10.96.0.10",
		endpoints: [{ ...ready[0], ip: "10.244.1.3", port: 53, node: "worker-1", pod: "dns" }],
	};
	const view = sampleView({ nodes: [node], service, endpoints: ready, dns, foreignNetwork: true });

	it("aren't wrong about DNS if NodeLocal DNSCache keeps its queries on the node", () => {
		const ruleset = rulesetOf(caseOf("22-dns-not-tracked.txt"), node);
		expect(rulesProblem(view, pod, node, ruleset)).toBeUndefined();
	});

	it("are shadowed by a pod's hostPort on the nodePort, which is named with its rule, and kube-proxy isn't restarted", () => {
		const rule = "-A CNI-HOSTPORT-DNAT -p tcp -m tcp --dport 30080 -j DNAT --to-destination 10.244.1.77:80";
		const saved = caseOf("22-dns-not-tracked.txt").replace(
			":KUBE-SERVICES - [0:0]\n-A OUTPUT",
			`:CNI-HOSTPORT-DNAT - [0:0]\n:KUBE-SERVICES - [0:0]\n-A PREROUTING -j CNI-HOSTPORT-DNAT\n${rule}\n-A OUTPUT`,
		);
		const problem = rulesProblem(view, pod, node, rulesetOf(saved, node));
		expect(problem).toEqual({
			kind: "endpoints",
			expected: ["10.244.1.5:8080"],
			observed: ["10.244.1.77:80"],
			foreign: { owner: "hostPort (CNI portmap)", rule },
		});
		const text = problem && findingText({ kind: "rules", node: node.name, problem });
		expect(text).toContain("a rule of hostPort (CNI portmap) acts before kube-proxy's");
	});
});

describe("the owner of a rule", () => {
	it.each([
		["nat", "KUBE-SVC-AAAA", "kube-proxy"],
		["kube-proxy", "services", "kube-proxy"],
		["filter", "KUBE-FIREWALL", "kubelet"],
		["nat", "CNI-DN-0123456789abcdef", "hostPort (CNI portmap)"],
		["filter", "cali-FORWARD", "Calico"],
		["filter", "DOCKER-USER", "Docker"],
		["docker-bridges", "filter-FORWARD", "Docker"],
		["firewalld", "filter_INPUT", "firewalld"],
		["filter", "ufw-before-input", "ufw"],
		["filter", "f2b-sshd", "fail2ban"],
		["filter", "KUBE-NWPLCY-AAAA", "kube-router"],
		["filter", "FORWARD", undefined],
	])("in table %s, chain %s is %s", (table, chain, owner) => {
		expect(ownerOf({ table, chain })).toBe(owner);
	});

	it("is also shown by a comment in one of the kernel's chains", () => {
		const comment = "NodeLocal DNS Cache: skip conntrack";
		expect(ownerOf({ table: "raw", chain: "PREROUTING", comment })).toBe("NodeLocal DNSCache");
	});
});

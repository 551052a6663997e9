import { describe, expect, it } from "vitest";
import { type Change, diagnosisOf, prepend, without } from "./changedRules.ts";

const worker2 = "nodeport-worker2";

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

	it.each<[string, string, string[], string[]]>([
		[
			"a policy engine drops packets of all clients",
			"Calico",
			["-A FORWARD -j cali-tw-eth0", "-A cali-tw-eth0 -d 10.244.0.0/16 -p tcp -j DROP"],
			["cali-tw-eth0"],
		],
		[
			"kube-router rejects them",
			"kube-router",
			["-A FORWARD -j KUBE-ROUTER-FORWARD", "-A KUBE-ROUTER-FORWARD -d 10.244.0.0/16 -p tcp -j REJECT"],
			["KUBE-ROUTER-FORWARD"],
		],
	])("is only suspect if somebody may want it: %s", async (_, owner, rules, chains) => {
		const { findings, verdict } = await diagnosisOf("nodeport-service", {
			[worker2]: prepend("filter", rules, chains),
		});
		expect(findings).toMatchObject([{ weight: "suspect", finding: { kind: "foreignRule", owner } }]);
		expect(verdict).toBe("suspect");
	});

	describe("and accepts only some clients outside", () => {
		/** The cluster's own addresses are accepted too. */
		const office = prepend(
			"mangle",
			["10.0.0.0/8", "172.18.0.0/16", "203.0.113.0/24"]
				.map((range) => `-A PREROUTING -s ${range} -j ACCEPT`)
				.concat("-A PREROUTING -p tcp -m tcp --dport 30040 -j DROP"),
		);

		it("is suspect for the example client, and asks for a real one", async () => {
			const { findings, verdict } = await diagnosisOf("nodeport-service", { [worker2]: office });
			expect(findings).toMatchObject([{ weight: "suspect", finding: { kind: "foreignRule", isExampleOnly: true } }]);
			expect(verdict).toBe("suspect");
		});

		it.each([
			["203.0.113.9", [], "healthy"],
			["192.0.2.77", ["cause"], "broken"],
		])("is certain for a named client: %s", async (client, weights, verdict) => {
			const diagnosis = await diagnosisOf("nodeport-service", { [worker2]: office }, undefined, client);
			expect(diagnosis.findings.map(({ weight }) => weight)).toEqual(weights);
			expect(diagnosis.verdict).toBe(verdict);
		});
	});

	it("isn't a finding if it accepts the packets", async () => {
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
	it.each([
		["that don't serve a nodePort", without(/--dport 30040 /), "suspect"],
		["that don't serve the ClusterIP either", without(/--dport 30040 |-d 10\.96\.132\.81/), "cause"],
	])("%s, while its nodePortAddresses aren't known, are a finding of its weight", async (_, change, weight) => {
		const { findings } = await diagnosisOf("nodeport-service", { [worker2]: change }, (objects) => {
			objects.configMaps = [];
		});
		const missing = findings.filter(({ finding }) => finding.kind === "nodeRules");
		expect(missing).toMatchObject([{ weight, finding: { problem: { kind: "missing" } } }]);
		expect(missing[0]?.fix === undefined).toBe(weight === "suspect");
	});

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

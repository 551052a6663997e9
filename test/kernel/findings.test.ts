/**
 * Mismatches that the differential test has found, and other results of its machine. Each has the rules and the kernel's
 * trace as recorded (Linux 6.18, iptables 1.8.9, nftables 1.0.6).
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseIptablesSave } from "../../netfilter/iptables/parse.ts";
import { walkIptables } from "../../netfilter/iptables/walk.ts";
import type { Packet } from "../../netfilter/model.ts";
import { parseNftables } from "../../netfilter/nftables/parse.ts";
import { ruleOfNftables } from "../../netfilter/nftables/render.ts";
import { walkNftables } from "../../netfilter/nftables/walk.ts";
import { compare } from "../../verification/trace/compare.ts";
import { type Passage, packetsOf, parseNftTrace } from "../../verification/trace/parse.ts";
import { nodeNetwork } from "./machine/network.ts";

const fixture = (name: string): string => readFileSync(new URL(`../fixtures/kernel/${name}`, import.meta.url), "utf8");

function traceOf(name: string): Passage[] {
	const [passages = []] = packetsOf(parseNftTrace(fixture(name)));
	return passages;
}

const toItself: Packet = {
	family: "ipv6",
	protocol: "tcp",
	source: "::1",
	sourcePort: 20_001,
	destination: "::1",
	destinationPort: 30_040,
	mark: 0,
	ctstate: "NEW",
};

/** ipv6_dev_get_saddr prefers the destination address if the node has it (RFC 6724, rule 1). */
it("masquerading of a packet that the node sends to itself over IPv6 uses the destination address", () => {
	const rules = parseIptablesSave(fixture("masquerade-to-itself.ipv6.save.txt"));
	const paths = walkIptables(rules, toItself, nodeNetwork("ipv6"));
	const ruleText = ruleOfNftables(parseNftables(fixture("masquerade-to-itself.ipv6.nft.json")), rules);
	expect(compare(paths, toItself, traceOf("masquerade-to-itself.ipv6.trace.txt"), ruleText)).toBeUndefined();
	expect(paths).toMatchObject([{ outcome: "untouched", clientIp: "::1" }]);
});

it('a rule that only counts is none that acts, even if its comment says "set"', () => {
	const ruleset = parseNftables(fixture("comment-that-sets.nft.json"));
	const packet: Packet = {
		family: "ipv4",
		protocol: "tcp",
		source: "172.18.0.9",
		sourcePort: 20_001,
		destination: "172.18.0.4",
		destinationPort: 30_040,
		inInterface: "eth0",
		mark: 0,
		ctstate: "NEW",
	};
	const paths = walkNftables(ruleset, packet, nodeNetwork("ipv4"));
	expect(compare(paths, packet, traceOf("comment-that-sets.trace.txt"), ruleOfNftables(ruleset))).toBeUndefined();
});

it("identical rules in a row each change the mark", () => {
	const ruleset = parseNftables(fixture("same-rule-twice.nft.json"));
	const packet: Packet = {
		family: "ipv4",
		protocol: "tcp",
		source: "10.244.3.2",
		sourcePort: 20_001,
		destination: "203.0.113.11",
		destinationPort: 80,
		inInterface: "veth0",
		mark: 0,
		ctstate: "NEW",
	};
	const paths = walkNftables(ruleset, packet, nodeNetwork("ipv4"));
	expect(compare(paths, packet, traceOf("same-rule-twice.trace.txt"), ruleOfNftables(ruleset))).toBeUndefined();
	expect(paths[0]?.hops.map(({ effect }) => effect)).toEqual(["jump", ...Array(6).fill("mark")]);
});

/** A kind node in nftables mode: the rules that kind's pod network and the kubelet write with iptables exist next to kube-proxy's. */
describe("with chains of iptables next to kube-proxy's of nftables, a pod's packet", () => {
	const iptables = parseIptablesSave(fixture("nftables-beside-iptables.save.txt"));
	const ruleset = parseNftables(fixture("nftables-beside-iptables.nft.json"));
	const ruleText = ruleOfNftables(ruleset, iptables);
	const fromPod = { family: "ipv4", protocol: "tcp", source: "10.244.3.2", inInterface: "veth0", mark: 0 } as const;

	it("to another node's nodePort is masqueraded only by the pod network's iptables rule", () => {
		const packet: Packet = {
			...fromPod,
			sourcePort: 20_001,
			destination: "172.18.0.9",
			destinationPort: 30_040,
			ctstate: "NEW",
		};
		const paths = walkNftables(ruleset, packet, nodeNetwork("ipv4"), { iptables });
		expect(compare(paths, packet, traceOf("pod-to-another-node.trace.txt"), ruleText)).toBeUndefined();
		expect(paths).toMatchObject([{ outcome: "untouched", clientIp: "172.18.0.4", masqueraded: true }]);
	});

	it("to a ClusterIP is sent to an endpoint on another node, and no iptables rule changes it", () => {
		const packet: Packet = {
			...fromPod,
			sourcePort: 20_002,
			destination: "10.96.95.105",
			destinationPort: 8080,
			ctstate: "NEW",
		};
		const paths = walkNftables(ruleset, packet, nodeNetwork("ipv4"), { iptables });
		expect(compare(paths, packet, traceOf("pod-to-another-nodes-endpoint.trace.txt"), ruleText)).toBeUndefined();
		const reached = { outcome: "endpoint", clientIp: "10.244.3.2", masqueraded: false, probability: 0.5 };
		expect(paths).toMatchObject([
			{ ...reached, endpoint: { address: "10.244.0.4", port: 8080 } },
			{ ...reached, endpoint: { address: "10.244.1.2", port: 8080 } },
		]);
	});
});

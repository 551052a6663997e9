/** Rules that others wrote: test/fixtures/cases, rebuilt from public bug reports. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { whyNotWhole } from "../../../netfilter/iptables/completeness.ts";
import { parseIptablesSave, problemsOf } from "../../../netfilter/iptables/parse.ts";
import { walkIptables } from "../../../netfilter/iptables/walk.ts";
import type { NodeNetwork, Packet, Path } from "../../../netfilter/model.ts";
import { parseNftables } from "../../../netfilter/nftables/parse.ts";
import { walkNftables } from "../../../netfilter/nftables/walk.ts";
import { only } from "./fixtures.ts";

const text = (name: string): string => readFileSync(new URL(`../../fixtures/cases/${name}`, import.meta.url), "utf8");

const worker1: NodeNetwork = {
	node: "worker-1",
	localAddresses: ["192.0.2.11", "10.244.1.1", "127.0.0.1"],
	routes: [
		{ destination: "10.244.1.0/24", interface: "veth1", source: "10.244.1.1" },
		{ destination: "0.0.0.0/0", interface: "eth0", source: "192.0.2.11" },
	],
};

/** The same node without the names of its interfaces. */
const unnamed: NodeNetwork = {
	...worker1,
	routes: (worker1.routes ?? []).map(({ interface: _, ...route }) => route),
};

const toPod: Packet = {
	family: "ipv4",
	protocol: "tcp",
	source: "192.0.2.12",
	sourcePort: 40_000,
	destination: "10.244.1.5",
	destinationPort: 8080,
	inInterface: "eth0",
	mark: 0,
	ctstate: "NEW",
};
const toNodePort: Packet = { ...toPod, source: "198.51.100.7", destination: "192.0.2.11", destinationPort: 30_080 };
const toClosedPort: Packet = { ...toPod, destination: "192.0.2.11", destinationPort: 31_999 };
const { inInterface: _, ...nameless } = toPod;
const fromUnknown: Packet = { ...nameless, received: true };
const { inInterface: _eth0, ...sent } = toPod;
const fromProcess: Packet = { ...sent, source: "192.0.2.11", destination: "10.244.2.6" };

const overTunnel: NodeNetwork = {
	...worker1,
	routes: [{ destination: "10.244.2.0/24", interface: "tunl0", source: "10.244.1.0" }],
};
const withTunnel: NodeNetwork = {
	...overTunnel,
	interfaces: [
		{ name: "lo", addresses: ["127.0.0.1"] },
		{ name: "eth0", addresses: ["192.0.2.11/24"] },
		{ name: "tunl0", addresses: ["10.244.1.0/32"] },
	],
};
const withInterfaces = (...names: string[]): NodeNetwork => ({
	...unnamed,
	interfaces: names.map((name) => ({ name, addresses: [] })),
});

const byIptables = (name: string, packet: Packet, network: NodeNetwork = worker1): Path =>
	only(walkIptables(parseIptablesSave(text(name)), packet, network));

describe("iptables rules of other programs", () => {
	it.each<[string, string, Packet, NodeNetwork, Partial<Path>]>([
		["set the connection's mark only", "01-connmark-set.txt", toPod, worker1, { outcome: "untouched" }],
		[
			"name an interface, and the packet's is unknown",
			"01-unknown-interface.txt",
			fromUnknown,
			unnamed,
			{ outcome: "unknown" },
		],
		[
			"name an interface that the node doesn't have",
			"01-unknown-interface.txt",
			fromUnknown,
			withInterfaces("lo", "eth0"),
			{ outcome: "untouched" },
		],
		[
			"have an open condition before a harmless target",
			"01-unknown-condition-before-harmless-target.txt",
			toClosedPort,
			worker1,
			{ outcome: "untouched" },
		],
		[
			"limit a type to an interface whose addresses are unknown",
			"02-limit-iface-out.txt",
			fromProcess,
			overTunnel,
			{ outcome: "unknown" },
		],
		[
			"limit a type to an interface",
			"02-limit-iface-out.txt",
			fromProcess,
			withTunnel,
			{ outcome: "untouched", clientIp: "10.244.1.0" },
		],
		["check the reverse path", "02-rpfilter.txt", toPod, worker1, { outcome: "untouched" }],
		[
			"check the reverse path of another interface",
			"02-rpfilter.txt",
			{ ...toPod, inInterface: "eth1" },
			worker1,
			{ outcome: "drop" },
		],
		[
			"give the same result with and without a set",
			"02-set-same-result.txt",
			toPod,
			worker1,
			{ outcome: "untouched", clientIp: "10.244.1.1" },
		],
		[
			"accept the pods' interfaces, whose names are unknown",
			"03-unknown-pod-interface.txt",
			fromUnknown,
			unnamed,
			{ outcome: "unknown" },
		],
		["drop bridged packets", "06-physdev-is-bridged.txt", toPod, worker1, { outcome: "untouched" }],
		["were written by xtables-save", "11-xtables-save-header.txt", toPod, worker1, { outcome: "untouched" }],
		["are next to legacy tables", "12-legacy-tables-present.txt", toNodePort, worker1, { outcome: "unknown" }],
		[
			"have a match of an unsupported revision",
			"13-match-unsupported-revision.txt",
			toPod,
			worker1,
			{ outcome: "unknown" },
		],
		["drop in KUBE-FIREWALL", "15-kube-firewall.txt", toClosedPort, worker1, { outcome: "drop" }],
		[
			"redirect",
			"17-redirect.txt",
			toNodePort,
			worker1,
			{ outcome: "endpoint", endpoint: { address: "192.0.2.11", port: 43_925 } },
		],
		["lost their conditions", "44-lost-conditions.txt", toNodePort, worker1, { outcome: "unknown" }],
	])("%s", (_, name, packet, network, expected) => {
		expect(byIptables(name, packet, network)).toMatchObject(expected);
	});

	it("are complete with the header of xtables-save", () => {
		expect(whyNotWhole(text("11-xtables-save-header.txt"))).toBeUndefined();
	});

	it.each(["12-legacy-tables-present.txt", "13-match-unsupported-revision.txt", "44-lost-conditions.txt"])(
		"are reported: %s",
		(name) => {
			expect(problemsOf(parseIptablesSave(text(name)))).toHaveLength(1);
		},
	);

	it("for dropping marked packets aren't explained as protection of loopback addresses", () => {
		const words = byIptables("15-kube-firewall.txt", toClosedPort)
			.hops.map((hop) => hop.text)
			.join(" ");
		expect(words).toContain("kubernetes firewall for dropping marked packets");
		expect(words).not.toMatch(/127\.0\.0|loopback/);
	});

	it("name the open condition that the result doesn't depend on", () => {
		expect(byIptables("02-set-same-result.txt", toPod).unevaluated).toEqual([
			"the rule matches addresses in set pools, whose elements are unknown",
		]);
	});

	it("agree with each other about the same unknown interface", () => {
		const rules = ["-A FORWARD -i ens5 -j ACCEPT", "-A FORWARD ! -i ens5 -j ACCEPT"].join("\n");
		const saved = `*filter\n:FORWARD DROP [0:0]\n${rules}\nCOMMIT\n`;
		expect(only(walkIptables(parseIptablesSave(saved), fromUnknown, unnamed)).outcome).toBe("untouched");
	});
});

describe("nftables rules of other programs", () => {
	it.each([
		["23-icmpv6-type.json", "untouched"],
		["26-ct-mark-set.json", "untouched"],
		["26-tcp-flags.json", "drop"],
		["28-limit-log.json", "untouched"],
		["28-named-counter.json", "drop"],
	])("%s", (name, outcome) => {
		expect(only(walkNftables(parseNftables(text(name)), toPod, worker1)).outcome).toBe(outcome);
	});

	it("are evaluated together with those of iptables", () => {
		const iptables = parseIptablesSave(text("24-nft-table-next-to-iptables.txt"));
		const ruleset = parseNftables(text("24-nft-table-next-to-iptables.json"));
		expect(only(walkNftables(ruleset, toPod, worker1, { iptables }))).toMatchObject({
			outcome: "reject",
			rejectedWith: "icmp-admin-prohibited",
		});
	});
});

/** The rules of every captured version of kube-proxy lead the same packets to the same ends. */
import { describe, expect, it } from "vitest";
import { parseIptablesSave } from "../../../netfilter/iptables/parse.ts";
import { walkIptables } from "../../../netfilter/iptables/walk.ts";
import type { Packet, Path } from "../../../netfilter/model.ts";
import { parseNftables } from "../../../netfilter/nftables/parse.ts";
import { walkNftables } from "../../../netfilter/nftables/walk.ts";
import { captured, fixture, fromOutside, fromPod, worker3 } from "./fixtures.ts";

const iptables = [".iptables-nft.ipv4.txt", ".iptables-legacy.ipv4.txt"].flatMap(captured);
const nftables = captured(".nftables.json");

/** What test/fixtures/rules/objects.yaml says of each Service, as it is seen on nodeport-worker3. */
const packets: [string, Packet, string[]][] = [
	["from a pod to a nodePort", fromPod(), ["endpoint 10.244.1.9"]],
	[
		"to a nodePort with three endpoints",
		fromOutside({ destinationPort: 30041 }),
		["endpoint 10.244.1.2", "endpoint 10.244.2.2", "endpoint 10.244.3.2"],
	],
	[
		"from a pod to a nodePort with policy Local: as with policy Cluster",
		fromPod({ destinationPort: 30042 }),
		["endpoint 10.244.1.3", "endpoint 10.244.3.3"],
	],
	["from outside to a nodePort with policy Local", fromOutside({ destinationPort: 30042 }), ["endpoint 10.244.3.3"]],
	[
		"from outside to a nodePort with policy Local whose endpoint is on another node",
		fromOutside({ destinationPort: 30043 }),
		["drop"],
	],
	["to a nodePort without endpoints", fromOutside({ destinationPort: 30045 }), ["reject"]],
	[
		"to a nodePort for UDP",
		fromOutside({ destinationPort: 30053, protocol: "udp" }),
		["endpoint 10.244.1.7", "endpoint 10.244.3.7"],
	],
	[
		"to a ClusterIP with policy Local whose endpoint is on another node",
		fromPod({ destination: "10.96.0.52", destinationPort: 80 }),
		["drop"],
	],
	[
		"to a load balancer's address from an allowed source",
		fromOutside({ destination: "203.0.113.10", destinationPort: 80 }),
		["endpoint 10.244.1.8"],
	],
	[
		"to a load balancer's address from another source",
		fromOutside({ source: "198.51.100.200", destination: "203.0.113.10", destinationPort: 80 }),
		["drop"],
	],
	["to a port that no Service has", fromOutside({ destinationPort: 31999 }), ["untouched"]],
];

const ends = (paths: Path[]): string[] =>
	paths.map(({ outcome, endpoint }) => (endpoint ? `${outcome} ${endpoint.address}` : outcome)).sort();

describe.each([
	...iptables.map((name) => {
		const tables = parseIptablesSave(fixture(name));
		return { name, walk: (packet: Packet) => walkIptables(tables, packet, worker3) };
	}),
	...nftables.map((name) => {
		const ruleset = parseNftables(fixture(name));
		return { name, walk: (packet: Packet) => walkNftables(ruleset, packet, worker3) };
	}),
])("$name", ({ walk }) => {
	it.each(packets)("leads a packet %s to its end", (_, packet, expected) => {
		const paths = walk(packet);
		expect(ends(paths)).toEqual(expected);
		for (const { probability } of paths) expect(probability).toBeCloseTo(1 / expected.length, 4);
	});
});

it("covers every captured version in both modes", () => {
	const versions = (names: string[]) => [...new Set(names.map((name) => /\d+\.\d+\.\d+/.exec(name)?.[0]))].sort();
	expect(versions(iptables).length).toBeGreaterThan(1);
	expect(versions(nftables)).toEqual(versions(iptables));
});

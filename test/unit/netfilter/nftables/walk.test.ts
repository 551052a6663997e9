import { describe, expect, it } from "vitest";
import { parseIptablesSave } from "../../../../netfilter/iptables/parse.ts";
import type { Packet, Path } from "../../../../netfilter/model.ts";
import { parseNftables } from "../../../../netfilter/nftables/parse.ts";
import { type NftablesWalkOptions, walkNftables } from "../../../../netfilter/nftables/walk.ts";
import { captured, fixture, fromNode, fromOutside, fromPod, only, summary, worker3 } from "../fixtures.ts";

const walk = (packet: Packet, name = "captured/1.36.3.nftables.json", options: NftablesWalkOptions = {}): Path[] =>
	walkNftables(parseNftables(fixture(name)), packet, worker3, options);

const echo = "ZB275BVE-default/nodeport-service/tcp/echo";

describe("a packet from a pod to its node's nodePort", () => {
	it("in Kubernetes 1.36 is marked and translated by the Service's own chains", () => {
		const path = only(walk(fromPod()));
		expect(summary(path)).toEqual([
			"endpoint 10.244.1.9 8080",
			"kube-proxy filter-prerouting-pre-dnat: jump firewall-check",
			"kube-proxy nat-prerouting: jump services",
			`kube-proxy services: goto external-${echo}`,
			`kube-proxy external-${echo}: mark 0x4000`,
			`kube-proxy external-${echo}: goto service-${echo}`,
			`kube-proxy service-${echo}: dnat 10.244.1.9:8080`,
			"kube-proxy filter-forward: jump service-endpoints-check",
			"kube-proxy filter-forward: jump cluster-ips-check",
			"kube-proxy nat-postrouting: jump masquerading",
			"kube-proxy masquerading: mark 0x0",
			"kube-proxy masquerading: masquerade 172.18.0.4",
		]);
		expect(path).toMatchObject({ probability: 1, masqueraded: true, clientIp: "172.18.0.4" });
	});

	it("in Kubernetes 1.34 passes a chain of the endpoint and one that marks", () => {
		const endpoint = "endpoint-AHHQGGD5-default/nodeport-service/tcp/echo__10.244.1.9/8080";
		expect(summary(only(walk(fromPod(), "captured/1.34.4.nftables.json"))).slice(0, 10)).toEqual([
			"endpoint 10.244.1.9 8080",
			"kube-proxy filter-prerouting-pre-dnat: jump firewall-check",
			"kube-proxy nat-prerouting: jump services",
			`kube-proxy services: goto external-${echo}`,
			`kube-proxy external-${echo}: jump mark-for-masquerade`,
			"kube-proxy mark-for-masquerade: mark 0x4000",
			`kube-proxy external-${echo}: goto service-${echo}`,
			`kube-proxy service-${echo}: goto ${endpoint}`,
			`kube-proxy ${endpoint}: dnat 10.244.1.9:8080`,
			"kube-proxy filter-forward: jump service-endpoints-check",
		]);
	});

	it.each([...captured(".nftables.json"), ...captured(".nftables-all-addresses.json")])(
		"ends where it must in %s",
		(name) => {
			const echo = only(walk(fromPod(), name));
			expect(echo).toMatchObject({ endpoint: { address: "10.244.1.9", port: 8080 }, clientIp: "172.18.0.4" });
			const spread = walk(fromPod({ destinationPort: 30041 }), name);
			expect(spread.map(({ endpoint, probability }) => [endpoint?.address, probability])).toEqual([
				["10.244.1.2", 1 / 3],
				["10.244.2.2", 1 / 3],
				["10.244.3.2", 1 / 3],
			]);
			const local = only(walk(fromOutside({ destinationPort: 30042 }), name));
			expect(local).toMatchObject({ endpoint: { address: "10.244.3.3", port: 8080 }, clientIp: "172.18.0.1" });
			expect(only(walk(fromOutside({ destinationPort: 30043 }), name)).outcome).toBe("drop");
			const empty = only(walk(fromOutside({ destinationPort: 30045 }), name));
			expect(empty).toMatchObject({ outcome: "reject", rejectedWith: "icmp-port-unreachable" });
		},
	);

	it("links each hop to the object that it stands for", () => {
		const service = { kind: "Service", namespace: "default", name: "nodeport-service" };
		expect(
			only(walk(fromPod()))
				.hops.slice(0, 7)
				.map(({ object }) => object),
		).toEqual([
			undefined,
			undefined,
			service,
			service,
			service,
			{ kind: "Endpoint", namespace: "default", name: "10.244.1.9:8080" },
			undefined,
		]);
	});
});

describe("the node's addresses", () => {
	const toGateway = fromPod({ destination: "10.244.3.1" });

	it("serve nodePorts by default only if they are InternalIPs", () => {
		expect(only(walk(toGateway)).outcome).toBe("untouched");
		expect(only(walk(toGateway, "captured/1.36.3.nftables-all-addresses.json")).outcome).toBe("endpoint");
	});

	it("never serve them on 127.0.0.1", () => {
		const packet = fromNode({ source: "127.0.0.1", destination: "127.0.0.1" });
		expect(only(walk(packet, "captured/1.36.3.nftables-all-addresses.json")).outcome).toBe("untouched");
	});
});

describe("a packet that kube-proxy doesn't serve", () => {
	it("to a ClusterIP's port without a Service is rejected", () => {
		expect(summary(only(walk(fromPod({ destination: "10.96.0.41", destinationPort: 81 })))).slice(-2)).toEqual([
			"kube-proxy filter-forward: jump cluster-ips-check",
			"kube-proxy cluster-ips-check: reject",
		]);
	});

	it("to a ClusterIP without a Service is dropped", () => {
		expect(summary(only(walk(fromNode({ destination: "10.96.9.9", destinationPort: 80 })))).slice(-2)).toEqual([
			"kube-proxy filter-output: jump cluster-ips-check",
			"kube-proxy cluster-ips-check: drop",
		]);
	});

	it("from a source that the load balancer doesn't allow is dropped before its destination is translated", () => {
		const packet = fromOutside({ source: "198.51.100.9", destination: "203.0.113.10", destinationPort: 80 });
		const path = only(walk(packet));
		expect(summary(path)).toEqual([
			"drop",
			"kube-proxy filter-prerouting-pre-dnat: jump firewall-check",
			"kube-proxy firewall-check: goto firewall-B3VOTSPM-default/firewalled/tcp/web",
			"kube-proxy firewall-B3VOTSPM-default/firewalled/tcp/web: drop",
		]);
		expect(path.hops[2]?.object).toEqual({ kind: "Service", namespace: "default", name: "firewalled" });
	});

	it("names the Service that has no endpoints, by its element's comment", () => {
		const path = only(walk(fromOutside({ destinationPort: 30045 })));
		const service = { kind: "Service", namespace: "default", name: "empty" };
		expect(path.hops.slice(-2).map(({ effect, object }) => [effect, object])).toEqual([
			["goto", service],
			["reject", service],
		]);
	});
});

describe("session affinity", () => {
	const packet = fromPod({ source: "10.244.3.5", destination: "10.96.0.44", destinationPort: 80 });

	it("chooses at random for a first packet, and remembers the client; the endpoint's own packet is masqueraded", () => {
		const paths = walk(packet);
		expect(
			paths.map(({ endpoint, probability, masqueraded }) => [endpoint?.address, probability, masqueraded]),
		).toEqual([
			["10.244.1.5", 1 / 3, false],
			["10.244.2.5", 1 / 3, false],
			["10.244.3.5", 1 / 3, true],
		]);
		expect(paths[0]?.hops.find(({ effect }) => effect === "update")?.to).toBe(
			"affinity-YFNFHELA-default/sticky/tcp/web__10.244.1.5/8080",
		);
	});

	it("leads a remembered client to the same endpoint", () => {
		const affinity = ["affinity-THAKX2ZH-default/sticky/tcp/web__10.244.2.5/8080"];
		expect(only(walk(packet, undefined, { affinity })).endpoint?.address).toBe("10.244.2.5");
	});

	it("is read from the sets themselves", () => {
		const name = "affinity-THAKX2ZH-default/sticky/tcp/web__10.244.2.5/8080";
		const client = { elem: { val: packet.source, timeout: 10800, expires: 10799 } };
		const remembered = fixture("captured/1.36.3.nftables.json").replace(
			`"name": "${name}",`,
			`"name": "${name}", "elem": ${JSON.stringify([client])},`,
		);
		const paths = walkNftables(parseNftables(remembered), packet, worker3);
		expect(only(paths).endpoint?.address).toBe("10.244.2.5");
	});
});

describe("IPv6", () => {
	const ipv6 = { family: "ipv6", source: "fd00:10:244:3::50", destination: "fc00:f853:ccd:e793::4" } as const;

	it.each(captured(".nftables.json"))("by a nodePort in %s", (name) => {
		const paths = walk(fromPod({ ...ipv6, destinationPort: 30050 }), name);
		expect(paths.map(({ endpoint, clientIp }) => [endpoint?.address, clientIp])).toEqual([
			["fd00:10:244:1::10", "fc00:f853:ccd:e793::4"],
			["fd00:10:244:2::10", "fc00:f853:ccd:e793::4"],
			["fd00:10:244:3::10", "fd00:10:244:3::1"],
		]);
	});

	it("is rejected with ICMPv6, and endpoints have their names", () => {
		expect(only(walk(fromPod({ ...ipv6, destinationPort: 30045 }))).rejectedWith).toBe("icmp6-port-unreachable");
		const [path] = walk(fromPod({ ...ipv6, destination: "fd00:10:96::44", destinationPort: 80 }));
		expect(path?.hops.find(({ effect }) => effect === "goto" && path)?.object?.kind).toBe("Service");
		expect(path?.hops.find(({ effect }) => effect === "update")?.object?.name).toBe("[fd00:10:244:1::5]:8080");
	});
});

describe("tables that iptables keeps in nftables", () => {
	const name = "kind/1.36.3.nodeport-worker3.nft.json";
	const tables = parseIptablesSave(fixture("kind/1.36.3.nodeport-worker3.iptables-nft.ipv4.txt"));
	const network = { localAddresses: ["172.18.0.6", "10.244.3.1"] };
	const packet = fromPod({ source: "10.244.3.2", destination: "172.18.0.6" });

	it("are unknown if nft shows only names", () => {
		const [path] = walkNftables(parseNftables(fixture(name)), packet, network);
		expect(path?.outcome).toBe("unknown");
		expect(path?.hops.at(-1)?.text).toContain("nft doesn't show the options of iptables' match \"addrtype\"");
	});

	it("are evaluated from iptables-save's output if it is given", () => {
		const path = only(walkNftables(parseNftables(fixture(name)), packet, network, { iptables: tables }));
		expect(summary(path).slice(0, 4)).toEqual([
			"endpoint 10.244.1.2 8080",
			"nat PREROUTING: jump KUBE-SERVICES",
			"nat KUBE-SERVICES: jump KUBE-NODEPORTS",
			"nat KUBE-NODEPORTS: jump KUBE-EXT-SR75RJIBNEHN2H65",
		]);
	});

	it("needn't be given for a masquerade, which nft shows completely", () => {
		const away = fromPod({ source: "10.244.3.2", destination: "198.51.100.1", ctstate: "NEW" });
		const masquerade = JSON.stringify({
			nftables: [
				{ table: { family: "ip", name: "nat" } },
				{
					chain: {
						family: "ip",
						table: "nat",
						name: "POSTROUTING",
						type: "nat",
						hook: "postrouting",
						prio: 100,
						policy: "accept",
					},
				},
				{
					rule: {
						family: "ip",
						table: "nat",
						chain: "POSTROUTING",
						handle: 1,
						expr: [{ xt: { type: "match", name: "comment" } }, { xt: { type: "target", name: "MASQUERADE" } }],
					},
				},
			],
		});
		expect(only(walkNftables(parseNftables(masquerade), away, worker3))).toMatchObject({ clientIp: "172.18.0.4" });
	});
});

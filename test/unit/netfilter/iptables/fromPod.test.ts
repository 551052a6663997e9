/** Packets from a pod through the rules of a real kube-proxy. */
import { describe, expect, it } from "vitest";
import { captured, fromNode, fromPod, only, summary } from "../fixtures.ts";
import { echoByNodePort, unmarkedWayOut, walk } from "./kubeProxy.ts";

describe("a packet from a pod to its node's nodePort", () => {
	it.each([...captured(".iptables-nft.ipv4.txt"), ...captured(".iptables-legacy.ipv4.txt")])("in %s", (name) => {
		const path = only(walk(fromPod(), name));
		expect(summary(path)).toEqual(echoByNodePort);
		expect(path).toMatchObject({ probability: 1, masqueraded: true, clientIp: "172.18.0.4" });
	});

	it("takes the walkthrough's older shape without KUBE-EXT", () => {
		const path = only(walk(fromPod(), "documented/1.16.walkthrough.txt"));
		expect(summary(path)).toEqual([
			"endpoint 10.244.1.9 8080",
			"nat PREROUTING: jump KUBE-SERVICES",
			"nat KUBE-SERVICES: jump KUBE-NODEPORTS",
			"nat KUBE-NODEPORTS: jump KUBE-MARK-MASQ",
			"nat KUBE-MARK-MASQ: mark 0x4000",
			"nat KUBE-NODEPORTS: jump KUBE-SVC-SR75RJIBNEHN2H65",
			"nat KUBE-SVC-SR75RJIBNEHN2H65: jump KUBE-SEP-ZGBSGCBJNGMY3BBA",
			"nat KUBE-SEP-ZGBSGCBJNGMY3BBA: dnat 10.244.1.9:8080",
			"filter FORWARD: jump KUBE-FORWARD",
			"filter KUBE-FORWARD: accept",
			"nat POSTROUTING: jump KUBE-POSTROUTING",
			"nat KUBE-POSTROUTING: masquerade 172.18.0.4",
		]);
		expect(path.hops[4]?.object).toEqual({ kind: "Service", namespace: "default", name: "nodeport-service" });
		expect(path.hops[5]?.object).toEqual({ kind: "Endpoint", namespace: "default", name: "10.244.1.9:8080" });
	});

	it("links each hop to the object that it stands for", () => {
		const service = { kind: "Service", namespace: "default", name: "nodeport-service" };
		const endpoint = { kind: "Endpoint", namespace: "default", name: "10.244.1.9:8080" };
		const { hops } = only(walk(fromPod()));
		expect(hops.slice(0, 8).map(({ object }) => object)).toEqual([
			undefined,
			undefined,
			service,
			service,
			undefined,
			service,
			endpoint,
			endpoint,
		]);
	});

	it("chooses among three endpoints with equal probabilities", () => {
		const paths = walk(fromPod({ destinationPort: 30041 }));
		expect(paths.map(({ endpoint }) => endpoint?.address)).toEqual(["10.244.1.2", "10.244.2.2", "10.244.3.2"]);
		for (const { probability } of paths) expect(probability).toBeCloseTo(1 / 3, 8);
		expect(paths.map(({ clientIp }) => clientIp)).toEqual(["172.18.0.4", "172.18.0.4", "10.244.3.1"]);
	});

	it("isn't limited by externalTrafficPolicy Local", () => {
		const path = walk(fromPod({ destinationPort: 30043 }));
		expect(summary(only(path))).toEqual([
			"endpoint 10.244.1.4 8080",
			"nat PREROUTING: jump KUBE-SERVICES",
			"nat KUBE-SERVICES: jump KUBE-NODEPORTS",
			"nat KUBE-NODEPORTS: jump KUBE-EXT-S553ZCUS5EZ5E2WZ",
			"nat KUBE-EXT-S553ZCUS5EZ5E2WZ: jump KUBE-SVC-S553ZCUS5EZ5E2WZ",
			"nat KUBE-SVC-S553ZCUS5EZ5E2WZ: jump KUBE-SEP-2NQ2KE7O672L2QLO",
			"nat KUBE-SEP-2NQ2KE7O672L2QLO: dnat 10.244.1.4:8080",
			...unmarkedWayOut,
		]);
	});

	it("reaches another Service with the same nodePort over UDP", () => {
		const udp = walk(fromPod({ protocol: "udp", destinationPort: 30053 }));
		const tcp = walk(fromPod({ destinationPort: 30053 }));
		const sctp = walk(fromPod({ protocol: "sctp", destinationPort: 30053 }));
		const chains = [udp, tcp, sctp].map(([path]) => path?.hops.find(({ effect }) => effect === "dnat")?.chain);
		expect(new Set(chains).size).toBe(3);
		expect([udp, tcp, sctp].map((paths) => paths[0]?.endpoint)).toEqual(
			Array.from({ length: 3 }, () => ({ address: "10.244.1.7", port: 5353 })),
		);
	});
});

describe("session affinity", () => {
	const packet = fromPod({ source: "10.244.3.5", destination: "10.96.0.44", destinationPort: 80 });

	it("chooses at random for a client's first packet, also for the endpoint itself", () => {
		const paths = walk(packet);
		expect(paths.map(({ endpoint, masqueraded }) => [endpoint?.address, masqueraded])).toEqual([
			["10.244.1.5", false],
			["10.244.2.5", false],
			["10.244.3.5", true],
		]);
	});

	it("leads a remembered client to the same endpoint", () => {
		const path = only(walk(packet, undefined, { affinity: ["KUBE-SEP-G2WQXVVKMZT27EOT"] }));
		expect(path).toMatchObject({ probability: 1, endpoint: { address: "10.244.2.5" } });
		expect(path.hops[2]?.rule).toContain("--rcheck");
	});
});

describe("IPv6", () => {
	const ipv6 = { family: "ipv6", source: "fd00:10:244:3::50", destination: "fc00:f853:ccd:e793::4" } as const;

	it.each(captured(".iptables-nft.ipv6.txt"))("by a nodePort in %s", (name) => {
		const paths = walk(fromPod({ ...ipv6, destinationPort: 30050 }), name);
		expect(paths.map(({ endpoint, clientIp }) => [endpoint?.address, clientIp])).toEqual([
			["fd00:10:244:1::10", "fc00:f853:ccd:e793::4"],
			["fd00:10:244:2::10", "fc00:f853:ccd:e793::4"],
			["fd00:10:244:3::10", "fd00:10:244:3::1"],
		]);
	});

	it("to ::1 isn't served", () => {
		const packet = fromNode({ ...ipv6, source: "::1", destination: "::1", destinationPort: 30050 });
		expect(only(walk(packet, "captured/1.36.3.iptables-nft.ipv6.txt")).outcome).toBe("untouched");
	});

	it("is rejected with ICMPv6", () => {
		const packet = fromPod({ ...ipv6, destinationPort: 30045 });
		expect(only(walk(packet, "captured/1.36.3.iptables-nft.ipv6.txt")).rejectedWith).toBe("icmp6-port-unreachable");
	});

	it("isn't evaluated by IPv4's rules", () => {
		expect(() => walk(fromPod(ipv6))).toThrow("the packet is of ipv6, the rules are of ipv4");
	});
});

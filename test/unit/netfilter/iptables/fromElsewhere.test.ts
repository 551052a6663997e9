/** Packets from outside and from the node itself through the rules of a real kube-proxy. */
import { describe, expect, it } from "vitest";
import { fromNode, fromOutside, fromPod, only, summary } from "../fixtures.ts";
import { echoByNodePort, unmarkedWayOut, walk } from "./kubeProxy.ts";

describe("a packet from outside", () => {
	it("to a nodePort of externalTrafficPolicy Local stays on the node, with its own address", () => {
		const path = only(walk(fromOutside({ destinationPort: 30042 })));
		expect(summary(path)).toEqual([
			"endpoint 10.244.3.3 8080",
			"nat PREROUTING: jump KUBE-SERVICES",
			"nat KUBE-SERVICES: jump KUBE-NODEPORTS",
			"nat KUBE-NODEPORTS: jump KUBE-EXT-UKB4R353QPO7O2CL",
			"nat KUBE-EXT-UKB4R353QPO7O2CL: jump KUBE-SVL-UKB4R353QPO7O2CL",
			"nat KUBE-SVL-UKB4R353QPO7O2CL: jump KUBE-SEP-A2SMGNWWMVNKE5IU",
			"nat KUBE-SEP-A2SMGNWWMVNKE5IU: dnat 10.244.3.3:8080",
			...unmarkedWayOut,
		]);
		expect(path).toMatchObject({ masqueraded: false, clientIp: "172.18.0.1" });
	});

	it("is dropped if externalTrafficPolicy Local leaves no endpoint", () => {
		expect(summary(only(walk(fromOutside({ destinationPort: 30043 }))))).toEqual([
			"drop",
			"nat PREROUTING: jump KUBE-SERVICES",
			"nat KUBE-SERVICES: jump KUBE-NODEPORTS",
			"nat KUBE-NODEPORTS: jump KUBE-EXT-S553ZCUS5EZ5E2WZ",
			"filter INPUT: jump KUBE-FIREWALL",
			"filter INPUT: jump KUBE-PROXY-FIREWALL",
			"filter INPUT: jump KUBE-NODEPORTS",
			"filter INPUT: jump KUBE-EXTERNAL-SERVICES",
			"filter KUBE-EXTERNAL-SERVICES: drop",
		]);
	});

	it("is rejected if the Service has no endpoint", () => {
		const path = only(walk(fromOutside({ destinationPort: 30045 })));
		expect(summary(path)).toEqual([
			"reject",
			"nat PREROUTING: jump KUBE-SERVICES",
			"nat KUBE-SERVICES: jump KUBE-NODEPORTS",
			"filter INPUT: jump KUBE-FIREWALL",
			"filter INPUT: jump KUBE-PROXY-FIREWALL",
			"filter INPUT: jump KUBE-NODEPORTS",
			"filter INPUT: jump KUBE-EXTERNAL-SERVICES",
			"filter KUBE-EXTERNAL-SERVICES: reject",
		]);
		expect(path.rejectedWith).toBe("icmp-port-unreachable");
	});

	it("to a load balancer's health check is accepted", () => {
		expect(summary(only(walk(fromOutside({ destinationPort: 30149 }))))).toEqual([
			"untouched",
			"nat PREROUTING: jump KUBE-SERVICES",
			"nat KUBE-SERVICES: jump KUBE-NODEPORTS",
			"filter INPUT: jump KUBE-FIREWALL",
			"filter INPUT: jump KUBE-PROXY-FIREWALL",
			"filter INPUT: jump KUBE-NODEPORTS",
			"filter KUBE-NODEPORTS: accept",
		]);
	});

	it.each([
		["192.0.2.9", "endpoint"],
		["172.18.0.1", "endpoint"],
		["198.51.100.9", "drop"],
	])("to a load balancer's address with loadBalancerSourceRanges, from %s: %s", (source, outcome) => {
		const path = only(walk(fromOutside({ source, destination: "203.0.113.10", destinationPort: 80 })));
		expect(path.outcome).toBe(outcome);
	});

	it("to 127.0.0.1 is blocked, because route_localnet would allow it", () => {
		const path = only(walk(fromOutside({ destination: "127.0.0.1", destinationPort: 10249 })));
		expect(summary(path).slice(-2)).toEqual(["filter INPUT: jump KUBE-FIREWALL", "filter KUBE-FIREWALL: drop"]);
	});

	it("is masqueraded by kind's own chain if kube-proxy doesn't", () => {
		const out = fromPod({ destination: "198.51.100.1", destinationPort: 443 });
		expect(summary(only(walk(out, "documented/kindnet.txt")))).toEqual([
			"untouched",
			"nat POSTROUTING: jump KIND-MASQ-AGENT",
			"nat KIND-MASQ-AGENT: masquerade 172.18.0.4",
		]);
		expect(summary(only(walk(fromPod({ destination: "10.244.1.2" }), "documented/kindnet.txt")))).toEqual([
			"untouched",
			"nat POSTROUTING: jump KIND-MASQ-AGENT",
			"nat KIND-MASQ-AGENT: return",
		]);
	});
});

describe("a packet from the node itself", () => {
	it("to a nodePort on 127.0.0.1 passes the rule that counts such packets, and leaves with an address of the node", () => {
		const path = only(walk(fromNode({ source: "127.0.0.1", destination: "127.0.0.1" })));
		expect(summary(path)).toEqual([
			"endpoint 10.244.1.9 8080",
			"nat OUTPUT: jump KUBE-SERVICES",
			...echoByNodePort.slice(2, 9),
			"filter OUTPUT: jump KUBE-FIREWALL",
			"filter OUTPUT: jump KUBE-PROXY-FIREWALL",
			"filter OUTPUT: jump KUBE-SERVICES",
			"nat POSTROUTING: jump KUBE-POSTROUTING",
			"nat KUBE-POSTROUTING: mark 0x0",
			"nat KUBE-POSTROUTING: masquerade 172.18.0.4",
		]);
		expect(path.hops[2]?.rule).toContain("localhost_nps_accepted_pkts");
		expect(path.clientIp).toBe("172.18.0.4");
	});

	it("to a ClusterIP is masqueraded, because its address isn't a pod's", () => {
		const packet = fromNode({ destination: "10.100.118.139", destinationPort: 8080 });
		expect(summary(only(walk(packet))).slice(0, 5)).toEqual([
			"endpoint 10.244.1.9 8080",
			"nat OUTPUT: jump KUBE-SERVICES",
			"nat KUBE-SERVICES: jump KUBE-SVC-SR75RJIBNEHN2H65",
			"nat KUBE-SVC-SR75RJIBNEHN2H65: jump KUBE-MARK-MASQ",
			"nat KUBE-MARK-MASQ: mark 0x4000",
		]);
	});

	it("to its own address returns on the loopback interface with its NAT complete", () => {
		const packet = fromNode({ destination: "172.18.0.4", destinationPort: 22 });
		expect(summary(only(walk(packet)))).toEqual([
			"untouched",
			"nat OUTPUT: jump KUBE-SERVICES",
			"nat KUBE-SERVICES: jump KUBE-NODEPORTS",
			"filter OUTPUT: jump KUBE-FIREWALL",
			"filter OUTPUT: jump KUBE-PROXY-FIREWALL",
			"filter OUTPUT: jump KUBE-SERVICES",
			"nat POSTROUTING: jump KUBE-POSTROUTING",
			"nat KUBE-POSTROUTING: return",
			"filter INPUT: jump KUBE-FIREWALL",
			"filter INPUT: jump KUBE-PROXY-FIREWALL",
			"filter INPUT: jump KUBE-NODEPORTS",
			"filter INPUT: jump KUBE-EXTERNAL-SERVICES",
		]);
	});

	it("to a ClusterIP without endpoints is rejected before it leaves", () => {
		const packet = fromNode({ destination: "10.96.0.45", destinationPort: 80 });
		expect(summary(only(walk(packet))).slice(-2)).toEqual([
			"filter OUTPUT: jump KUBE-SERVICES",
			"filter KUBE-SERVICES: reject",
		]);
	});
});

describe("later packets", () => {
	it("of a known connection pass no NAT rule, and are accepted", () => {
		const reply = fromPod({ destination: "10.244.1.9", destinationPort: 8080, ctstate: "ESTABLISHED" });
		expect(summary(only(walk(reply)))).toEqual([
			"untouched",
			"filter FORWARD: jump KUBE-FORWARD",
			"filter KUBE-FORWARD: accept",
		]);
	});

	it("that conntrack classes as invalid are dropped", () => {
		const stray = fromPod({ destination: "10.244.1.9", destinationPort: 8080, ctstate: "INVALID" });
		expect(summary(only(walk(stray)))).toEqual([
			"drop",
			"filter FORWARD: jump KUBE-FORWARD",
			"filter KUBE-FORWARD: drop",
		]);
	});
});

import { describe, expect, it } from "vitest";
import { parseIptablesSave } from "../../../netfilter/iptables/parse.ts";
import { walkIptables } from "../../../netfilter/iptables/walk.ts";
import type { Packet } from "../../../netfilter/model.ts";
import { parseNftables } from "../../../netfilter/nftables/parse.ts";
import { walkNftables } from "../../../netfilter/nftables/walk.ts";
import { fixture, fromNode, fromOutside, fromPod, worker3 } from "./fixtures.ts";

const tables = parseIptablesSave(fixture("captured/1.36.3.iptables-nft.ipv4.txt"));
const ruleset = parseNftables(fixture("captured/1.36.3.nftables.json"));

const sentences = (packet: Packet, affinity: string[] = []) =>
	walkIptables(tables, packet, worker3, { affinity })[0]?.hops.map(({ text }) => text) ?? [];

const sentencesOfNftables = (packet: Packet) =>
	walkNftables(ruleset, packet, worker3)[0]?.hops.map(({ text }) => text) ?? [];

describe("the sentences of a path", () => {
	it("tell a student what became of a pod's packet to a nodePort, and why", () => {
		expect(sentences(fromPod())).toEqual([
			"On nodeport-worker3 the packet for 172.18.0.4:30040 enters nat PREROUTING: it goes to KUBE-SERVICES, kube-proxy's list of the Services' addresses.",
			"172.18.0.4 is an address of this node: it goes to KUBE-NODEPORTS, the list of nodePorts.",
			"172.18.0.4:30040 is a nodePort of Service default/nodeport-service: it goes to KUBE-EXT-SR75RJIBNEHN2H65, the chain for traffic from outside the cluster.",
			"It goes to KUBE-MARK-MASQ, which marks packets whose source must be rewritten.",
			"KUBE-MARK-MASQ marks it 0x4000: its source will be rewritten on the way out, so the endpoint sees 172.18.0.4, not 10.244.3.50.",
			"Back in KUBE-EXT-SR75RJIBNEHN2H65: it goes to KUBE-SVC-SR75RJIBNEHN2H65, which chooses among all endpoints of the Service.",
			"Endpoint 10.244.1.9:8080 is chosen: it goes to KUBE-SEP-ZGBSGCBJNGMY3BBA, the chain of that endpoint.",
			"KUBE-SEP-ZGBSGCBJNGMY3BBA rewrites its destination from 172.18.0.4:30040 to 10.244.1.9:8080 (DNAT).",
			"10.244.1.9 is no address of this node, so the packet is forwarded; it enters filter FORWARD: it goes to KUBE-PROXY-FIREWALL, which stops sources that a load balancer does not allow.",
			"Back in FORWARD: it goes to KUBE-FORWARD, which lets translated packets through.",
			"KUBE-FORWARD accepts it, since kube-proxy has marked it.",
			"On its way out it enters nat POSTROUTING: it goes to KUBE-POSTROUTING, which rewrites the source of marked packets.",
			"KUBE-POSTROUTING clears its mark (0x0).",
			"KUBE-POSTROUTING rewrites its source from 10.244.3.50 to 172.18.0.4, an address of this node (masquerade), so that the answer comes back this way.",
		]);
	});

	it("tell the same of nftables mode", () => {
		expect(sentencesOfNftables(fromPod({ destinationPort: 30041 }))).toEqual([
			"On nodeport-worker3 the packet for 172.18.0.4:30041 enters kube-proxy filter-prerouting-pre-dnat: it goes to firewall-check, which stops sources that a load balancer does not allow.",
			"Next it enters kube-proxy nat-prerouting: it goes to services, kube-proxy's list of the Services' addresses.",
			"172.18.0.4:30041 is a nodePort of Service default/spread: it goes to external-HZDVCDI3-default/spread/tcp/web, the chain for traffic from outside the cluster.",
			"external-HZDVCDI3-default/spread/tcp/web marks it 0x4000: its source will be rewritten on the way out, so the endpoint sees 172.18.0.4, not 10.244.3.50.",
			"It goes to service-HZDVCDI3-default/spread/tcp/web, which chooses among all endpoints of the Service.",
			"service-HZDVCDI3-default/spread/tcp/web rewrites its destination from 172.18.0.4:30041 to 10.244.1.2:8080 (DNAT), chosen at random.",
			"10.244.1.2 is no address of this node, so the packet is forwarded; it enters kube-proxy filter-forward: it goes to service-endpoints-check, the list of Services that have no endpoint for it.",
			"Back in filter-forward: it goes to cluster-ips-check, which stops what no Service serves.",
			"On its way out it enters kube-proxy nat-postrouting: it goes to masquerading, which rewrites the source of marked packets.",
			"masquerading clears its mark (0x0).",
			"masquerading rewrites its source from 10.244.3.50 to 172.18.0.4, an address of this node (masquerade), so that the answer comes back this way.",
		]);
	});

	const externalNode = { destination: "203.0.113.10", destinationPort: 80 };

	it.each<[string, string[], string]>([
		[
			"that a process of the node sends",
			sentences(fromNode({ source: "127.0.0.1", destination: "127.0.0.1" })),
			"A process of nodeport-worker3 sends a packet to 127.0.0.1:30040; it enters nat OUTPUT: it goes to KUBE-SERVICES, kube-proxy's list of the Services' addresses.",
		],
		[
			"that comes back by the loopback interface",
			sentences(fromNode({ destination: "172.18.0.4", destinationPort: 22 })),
			"172.18.0.4 is an address of this node, so the packet is delivered here; it enters filter INPUT: it goes to KUBE-FIREWALL, which keeps strangers away from 127.0.0.0/8.",
		],
		[
			"whose endpoint is its sender",
			sentences(fromPod({ source: "10.244.3.6", destination: "10.96.0.46", destinationPort: 80 })),
			"The client is the endpoint itself (hairpin): it goes to KUBE-MARK-MASQ, which marks packets whose source must be rewritten.",
		],
		[
			"that returns from a chain to a rule of its own",
			sentences(fromPod({ source: "10.244.3.6", destination: "10.96.0.46", destinationPort: 80 })),
			"After that KUBE-SEP-J4UG3QYYHYISI5ZE rewrites its destination from 10.96.0.46:80 to 10.244.3.6:8080 (DNAT).",
		],
		[
			"to a ClusterIP from outside",
			sentences(fromOutside({ destination: "10.96.0.41", destinationPort: 80 })),
			"The client is none of the cluster's pods: it goes to KUBE-MARK-MASQ, which marks packets whose source must be rewritten.",
		],
		[
			"of a pod to a Service with externalTrafficPolicy Local",
			sentences(fromPod({ destinationPort: 30043 })),
			"For the cluster's own pods externalTrafficPolicy Local does not count: it goes to KUBE-SVC-S553ZCUS5EZ5E2WZ, which chooses among all endpoints of the Service.",
		],
		[
			"of the node to a Service with externalTrafficPolicy Local",
			sentences(fromNode({ destinationPort: 30043 })),
			"Back in KUBE-EXT-S553ZCUS5EZ5E2WZ: for the node's own traffic externalTrafficPolicy Local does not count: it goes to KUBE-SVC-S553ZCUS5EZ5E2WZ, which chooses among all endpoints of the Service.",
		],
		[
			"from outside to a Service with externalTrafficPolicy Local",
			sentences(fromOutside({ destinationPort: 30042 })),
			"By externalTrafficPolicy Local it must stay on this node: it goes to KUBE-SVL-UKB4R353QPO7O2CL, which chooses among the endpoints on this node.",
		],
		[
			"for which the node has no endpoint",
			sentences(fromOutside({ destinationPort: 30043 })),
			"KUBE-EXTERNAL-SERVICES drops it, since Service default/local-elsewhere has no endpoint on this node and its policy Local allows no other: the sender hears nothing, and its request times out.",
		],
		[
			"to a Service without endpoints",
			sentences(fromOutside({ destinationPort: 30045 })),
			'KUBE-EXTERNAL-SERVICES rejects it with icmp-port-unreachable, since Service default/empty has no endpoints: the sender sees "connection refused".',
		],
		[
			"from a source that a load balancer allows",
			sentences(fromOutside(externalNode)),
			"Its source is one that Service default/firewalled allows: it goes to KUBE-EXT-7J7O523AU5C6UEGF, the chain for traffic from outside the cluster.",
		],
		[
			"from a source that a load balancer does not allow",
			sentences(fromOutside({ ...externalNode, source: "198.51.100.9" })),
			"KUBE-PROXY-FIREWALL drops it, since its source is not among the loadBalancerSourceRanges of Service default/firewalled: the sender hears nothing, and its request times out.",
		],
		[
			"for 127.0.0.1 from outside",
			sentences(fromOutside({ destination: "127.0.0.1", destinationPort: 1 })),
			"KUBE-FIREWALL drops it, since it comes from elsewhere for an address that is no one's but the node's own: the sender hears nothing, and its request times out.",
		],
		[
			"of a load balancer's health check",
			sentences(fromOutside({ destinationPort: 30149 })),
			"KUBE-NODEPORTS accepts it: it is for the health check of Service default/balanced-local.",
		],
		[
			"of a client that session affinity remembers",
			sentences(fromPod({ destination: "10.96.0.44", destinationPort: 80 }), ["KUBE-SEP-G2WQXVVKMZT27EOT"]),
			"This client was sent to endpoint 10.244.2.5:8080 before, and session affinity keeps it there: it goes to KUBE-SEP-G2WQXVVKMZT27EOT, the chain of that endpoint.",
		],
		[
			"that nftables mode remembers",
			sentencesOfNftables(fromPod({ destination: "10.96.0.44", destinationPort: 80 })),
			"endpoint-YFNFHELA-default/sticky/tcp/web__10.244.1.5/8080 remembers its source in affinity-YFNFHELA-default/sticky/tcp/web__10.244.1.5/8080: this client's next connections go to the same endpoint.",
		],
		[
			"to a ClusterIP that is none",
			sentencesOfNftables(fromPod({ destination: "10.96.9.9", destinationPort: 80 })),
			"cluster-ips-check drops it, since no Service has this ClusterIP: the sender hears nothing, and its request times out.",
		],
		[
			"to a port that no Service has",
			sentencesOfNftables(fromPod({ destination: "10.96.0.41", destinationPort: 81 })),
			'cluster-ips-check rejects it with icmp-port-unreachable, since no Service has that port at this ClusterIP: the sender sees "connection refused".',
		],
		[
			"of a known connection",
			sentences(fromPod({ destination: "10.244.1.9", destinationPort: 8080, ctstate: "ESTABLISHED" })),
			"KUBE-FORWARD accepts it, since conntrack knows its connection.",
		],
		[
			"of a connection that nobody knows",
			sentences(fromPod({ destination: "10.244.1.9", destinationPort: 8080, ctstate: "INVALID" })),
			"KUBE-FORWARD drops it, since conntrack cannot place it: the sender hears nothing, and its request times out.",
		],
	])("tell of a packet %s", (_, texts, expected) => {
		expect(texts).toContain(expected);
	});

	it("of the walkthrough's older shape name the nodePort without KUBE-EXT", () => {
		const old = parseIptablesSave(fixture("documented/1.16.walkthrough.txt"));
		expect(walkIptables(old, fromPod(), worker3)[0]?.hops.map(({ text }) => text)).toContain(
			"Back in KUBE-NODEPORTS: 172.18.0.4:30040 is a nodePort of Service default/nodeport-service: it goes to KUBE-SVC-SR75RJIBNEHN2H65, which chooses among all endpoints of the Service.",
		);
	});

	it("say this node where its name is not given, and what kind's chains are", () => {
		const { node: _, ...nameless } = worker3;
		const kindnet = parseIptablesSave(fixture("documented/kindnet.txt"));
		const [path] = walkIptables(kindnet, fromPod({ destination: "198.51.100.1" }), nameless);
		expect(path?.hops[0]?.text).toBe(
			"On this node the packet for 198.51.100.1:30040 enters nat POSTROUTING: it goes to KIND-MASQ-AGENT, kind's own chain, not Kubernetes': it rewrites the source of what leaves the pod network.",
		);
	});
});

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
	it("explain each hop of a pod's packet to a nodePort", () => {
		expect(sentences(fromPod())).toEqual([
			"The packet to 172.18.0.4:30040 arrives at nodeport-worker3 and enters nat PREROUTING: it jumps to KUBE-SERVICES, which lists the addresses of all Services.",
			"172.18.0.4 is a local address: it jumps to KUBE-NODEPORTS, which lists all nodePorts.",
			"172.18.0.4:30040 is a nodePort of Service default/nodeport-service: it jumps to KUBE-EXT-SR75RJIBNEHN2H65, the chain for calls to its nodePort or external addresses.",
			"It jumps to KUBE-MARK-MASQ, which marks packets whose source address must be rewritten.",
			"KUBE-MARK-MASQ marks the packet with 0x4000: its source address will be rewritten on the way out, so the endpoint sees 172.18.0.4 instead of 10.244.3.50.",
			"Back in KUBE-EXT-SR75RJIBNEHN2H65: it jumps to KUBE-SVC-SR75RJIBNEHN2H65, which chooses among all endpoints of the Service.",
			"Endpoint 10.244.1.9:8080 is chosen: it jumps to KUBE-SEP-ZGBSGCBJNGMY3BBA, the chain of that endpoint.",
			"KUBE-SEP-ZGBSGCBJNGMY3BBA rewrites the destination from 172.18.0.4:30040 to 10.244.1.9:8080 (DNAT).",
			"10.244.1.9 isn't a local address, so the packet is forwarded; it enters filter FORWARD: it jumps to KUBE-PROXY-FIREWALL, which drops sources that a load balancer doesn't allow.",
			"Back in FORWARD: it jumps to KUBE-FORWARD, which accepts packets that kube-proxy redirected.",
			"KUBE-FORWARD accepts the packet, because kube-proxy marked it.",
			"On its way out it enters nat POSTROUTING: it jumps to KUBE-POSTROUTING, which rewrites the source address of marked packets.",
			"KUBE-POSTROUTING clears the mark (now 0x0).",
			"KUBE-POSTROUTING rewrites the source address from 10.244.3.50 to 172.18.0.4, an address of this node (masquerade), so replies come back through this node.",
		]);
	});

	it("explain the same in nftables mode", () => {
		expect(sentencesOfNftables(fromPod({ destinationPort: 30041 }))).toEqual([
			"The packet to 172.18.0.4:30041 arrives at nodeport-worker3 and enters kube-proxy filter-prerouting-pre-dnat: it jumps to firewall-check, which drops sources that a load balancer doesn't allow.",
			"Next it enters kube-proxy nat-prerouting: it jumps to services, which lists the addresses of all Services.",
			"172.18.0.4:30041 is a nodePort of Service default/spread: it goes to external-HZDVCDI3-default/spread/tcp/web, the chain for calls to its nodePort or external addresses.",
			"external-HZDVCDI3-default/spread/tcp/web marks the packet with 0x4000: its source address will be rewritten on the way out, so the endpoint sees 172.18.0.4 instead of 10.244.3.50.",
			"It goes to service-HZDVCDI3-default/spread/tcp/web, which chooses among all endpoints of the Service.",
			"service-HZDVCDI3-default/spread/tcp/web rewrites the destination from 172.18.0.4:30041 to 10.244.1.2:8080 (DNAT), chosen at random.",
			"10.244.1.2 isn't a local address, so the packet is forwarded; it enters kube-proxy filter-forward: it jumps to service-endpoints-check, which stops traffic to Services without a usable endpoint.",
			"Back in filter-forward: it jumps to cluster-ips-check, which stops traffic to ClusterIPs and ports that no Service uses.",
			"On its way out it enters kube-proxy nat-postrouting: it jumps to masquerading, which rewrites the source address of marked packets.",
			"masquerading clears the mark (now 0x0).",
			"masquerading rewrites the source address from 10.244.3.50 to 172.18.0.4, an address of this node (masquerade), so replies come back through this node.",
		]);
	});

	const externalNode = { destination: "203.0.113.10", destinationPort: 80 };

	it.each<[string, string[], string]>([
		[
			"that a process on the node sends",
			sentences(fromNode({ source: "127.0.0.1", destination: "127.0.0.1" })),
			"A process on nodeport-worker3 sends a packet to 127.0.0.1:30040; it enters nat OUTPUT: it jumps to KUBE-SERVICES, which lists the addresses of all Services.",
		],
		[
			"that comes back through the loopback interface",
			sentences(fromNode({ destination: "172.18.0.4", destinationPort: 22 })),
			"172.18.0.4 is a local address, so the packet is delivered on this node; it enters filter INPUT: it jumps to KUBE-FIREWALL, the kubelet's firewall chain.",
		],
		[
			"whose endpoint is its sender",
			sentences(fromPod({ source: "10.244.3.6", destination: "10.96.0.46", destinationPort: 80 })),
			"The endpoint calls itself through the Service (hairpin): it jumps to KUBE-MARK-MASQ, which marks packets whose source address must be rewritten.",
		],
		[
			"that returns from a chain to a rule of its own",
			sentences(fromPod({ source: "10.244.3.6", destination: "10.96.0.46", destinationPort: 80 })),
			"Then KUBE-SEP-J4UG3QYYHYISI5ZE rewrites the destination from 10.96.0.46:80 to 10.244.3.6:8080 (DNAT).",
		],
		[
			"to a ClusterIP from outside",
			sentences(fromOutside({ destination: "10.96.0.41", destinationPort: 80 })),
			"The client isn't a pod of this cluster: it jumps to KUBE-MARK-MASQ, which marks packets whose source address must be rewritten.",
		],
		[
			"from a pod to a Service with externalTrafficPolicy Local",
			sentences(fromPod({ destinationPort: 30043 })),
			"ExternalTrafficPolicy Local doesn't apply to the cluster's own pods: it jumps to KUBE-SVC-S553ZCUS5EZ5E2WZ, which chooses among all endpoints of the Service.",
		],
		[
			"from the node to a Service with externalTrafficPolicy Local",
			sentences(fromNode({ destinationPort: 30043 })),
			"Back in KUBE-EXT-S553ZCUS5EZ5E2WZ: externalTrafficPolicy Local doesn't apply to the node's own processes: it jumps to KUBE-SVC-S553ZCUS5EZ5E2WZ, which chooses among all endpoints of the Service.",
		],
		[
			"from outside to a Service with externalTrafficPolicy Local",
			sentences(fromOutside({ destinationPort: 30042 })),
			"ExternalTrafficPolicy Local keeps it on this node: it jumps to KUBE-SVL-UKB4R353QPO7O2CL, which chooses among the endpoints on this node.",
		],
		[
			"without an endpoint on the node",
			sentences(fromOutside({ destinationPort: 30043 })),
			"KUBE-EXTERNAL-SERVICES drops the packet, because Service default/local-elsewhere has no endpoint on this node and its traffic policy is Local: the client gets no answer, and its request times out.",
		],
		[
			"to a Service without endpoints",
			sentences(fromOutside({ destinationPort: 30045 })),
			'KUBE-EXTERNAL-SERVICES rejects the packet with icmp-port-unreachable, because Service default/empty has no endpoints: the client sees "connection refused".',
		],
		[
			"from a source that a load balancer allows",
			sentences(fromOutside(externalNode)),
			"Service default/firewalled allows its source address: it jumps to KUBE-EXT-7J7O523AU5C6UEGF, the chain for calls to its nodePort or external addresses.",
		],
		[
			"from a source that a load balancer doesn't allow",
			sentences(fromOutside({ ...externalNode, source: "198.51.100.9" })),
			"KUBE-PROXY-FIREWALL drops the packet, because the loadBalancerSourceRanges of Service default/firewalled don't include its source address: the client gets no answer, and its request times out.",
		],
		[
			"to 127.0.0.1 from outside",
			sentences(fromOutside({ destination: "127.0.0.1", destinationPort: 1 })),
			"KUBE-FIREWALL drops the packet, because only the node's own processes may use a loopback address: the client gets no answer, and its request times out.",
		],
		[
			"of a load balancer's health check",
			sentences(fromOutside({ destinationPort: 30149 })),
			"KUBE-NODEPORTS accepts the packet, because this is the health check port of Service default/balanced-local.",
		],
		[
			"of a client with session affinity",
			sentences(fromPod({ destination: "10.96.0.44", destinationPort: 80 }), ["KUBE-SEP-G2WQXVVKMZT27EOT"]),
			"Session affinity sends this client to endpoint 10.244.2.5:8080 again: it jumps to KUBE-SEP-G2WQXVVKMZT27EOT, the chain of that endpoint.",
		],
		[
			"of a client with session affinity, in nftables mode",
			sentencesOfNftables(fromPod({ destination: "10.96.0.44", destinationPort: 80 })),
			"endpoint-YFNFHELA-default/sticky/tcp/web__10.244.1.5/8080 stores the source address in affinity-YFNFHELA-default/sticky/tcp/web__10.244.1.5/8080: this client's next connections go to the same endpoint.",
		],
		[
			"to an address that isn't any Service's ClusterIP",
			sentencesOfNftables(fromPod({ destination: "10.96.9.9", destinationPort: 80 })),
			"cluster-ips-check drops the packet, because no Service has this ClusterIP: the client gets no answer, and its request times out.",
		],
		[
			"to a port that no Service has",
			sentencesOfNftables(fromPod({ destination: "10.96.0.41", destinationPort: 81 })),
			'cluster-ips-check rejects the packet with icmp-port-unreachable, because no Service uses that port of this ClusterIP: the client sees "connection refused".',
		],
		[
			"of a known connection",
			sentences(fromPod({ destination: "10.244.1.9", destinationPort: 8080, ctstate: "ESTABLISHED" })),
			"KUBE-FORWARD accepts the packet, because it belongs to a known connection.",
		],
		[
			"of an unknown connection",
			sentences(fromPod({ destination: "10.244.1.9", destinationPort: 8080, ctstate: "INVALID" })),
			"KUBE-FORWARD drops the packet, because conntrack can't assign it to a connection: the client gets no answer, and its request times out.",
		],
	])("explain a packet %s", (_, texts, expected) => {
		expect(texts).toContain(expected);
	});

	it("name the nodePort in the walkthrough's older rules, which have no KUBE-EXT chain", () => {
		const old = parseIptablesSave(fixture("documented/1.16.walkthrough.txt"));
		expect(walkIptables(old, fromPod(), worker3)[0]?.hops.map(({ text }) => text)).toContain(
			"Back in KUBE-NODEPORTS: 172.18.0.4:30040 is a nodePort of Service default/nodeport-service: it jumps to KUBE-SVC-SR75RJIBNEHN2H65, which chooses among all endpoints of the Service.",
		);
	});

	it('say "this node" if its name is unknown, and explain the chains of kind', () => {
		const { node: _, ...nameless } = worker3;
		const kindnet = parseIptablesSave(fixture("documented/kindnet.txt"));
		const [path] = walkIptables(kindnet, fromPod({ destination: "198.51.100.1" }), nameless);
		expect(path?.hops[0]?.text).toBe(
			"The packet to 198.51.100.1:30040 arrives at this node and enters nat POSTROUTING: it jumps to KIND-MASQ-AGENT, kind's own chain (not part of Kubernetes): it rewrites the source address of what leaves the pod network.",
		);
	});
});

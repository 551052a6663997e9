/** Walks through the rules that kube-proxy writes in iptables mode, and what their paths have in common. */

import { parseIptablesSave } from "../../../../netfilter/iptables/parse.ts";
import { type WalkOptions, walkIptables } from "../../../../netfilter/iptables/walk.ts";
import type { Packet, Path } from "../../../../netfilter/model.ts";
import { fixture, worker3 } from "../fixtures.ts";

export const walk = (
	packet: Packet,
	name = "captured/1.36.3.iptables-nft.ipv4.txt",
	options: WalkOptions = {},
): Path[] => walkIptables(parseIptablesSave(fixture(name)), packet, worker3, options);

/** What every forwarded packet passes that kube-proxy marked; the end of most paths. */
export const markedWayOut = (source: string) => [
	"filter FORWARD: jump KUBE-PROXY-FIREWALL",
	"filter FORWARD: jump KUBE-FORWARD",
	"filter KUBE-FORWARD: accept",
	"nat POSTROUTING: jump KUBE-POSTROUTING",
	"nat KUBE-POSTROUTING: mark 0x0",
	`nat KUBE-POSTROUTING: masquerade ${source}`,
];

/** What every forwarded packet passes that kube-proxy did not mark. */
export const unmarkedWayOut = [
	"filter FORWARD: jump KUBE-PROXY-FIREWALL",
	"filter FORWARD: jump KUBE-FORWARD",
	"filter FORWARD: jump KUBE-SERVICES",
	"filter FORWARD: jump KUBE-EXTERNAL-SERVICES",
	"nat POSTROUTING: jump KUBE-POSTROUTING",
	"nat KUBE-POSTROUTING: return",
];

/** From a pod to its node's nodePort of default/nodeport-service. */
export const echoByNodePort = [
	"endpoint 10.244.1.9 8080",
	"nat PREROUTING: jump KUBE-SERVICES",
	"nat KUBE-SERVICES: jump KUBE-NODEPORTS",
	"nat KUBE-NODEPORTS: jump KUBE-EXT-SR75RJIBNEHN2H65",
	"nat KUBE-EXT-SR75RJIBNEHN2H65: jump KUBE-MARK-MASQ",
	"nat KUBE-MARK-MASQ: mark 0x4000",
	"nat KUBE-EXT-SR75RJIBNEHN2H65: jump KUBE-SVC-SR75RJIBNEHN2H65",
	"nat KUBE-SVC-SR75RJIBNEHN2H65: jump KUBE-SEP-ZGBSGCBJNGMY3BBA",
	"nat KUBE-SEP-ZGBSGCBJNGMY3BBA: dnat 10.244.1.9:8080",
	...markedWayOut("172.18.0.4"),
];

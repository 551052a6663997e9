/** Chains of devices and bridges, and tables that are switched off: results confirmed by Linux 6.18. */
import { describe, expect, it } from "vitest";
import type { NodeNetwork, Packet } from "../../../../netfilter/model.ts";
import { parseNftables } from "../../../../netfilter/nftables/parse.ts";
import { walkNftables } from "../../../../netfilter/nftables/walk.ts";
import { fromNode, fromOutside, fromPod, worker3 } from "../fixtures.ts";
import { ct, drop, ends, ip, type Json, match, table, toPod, walk } from "./smallTable.ts";

const fromClient = [match(ip("saddr"), "172.18.0.1"), drop];

const guard = (hook: string, family: string, base: Json, ...rules: Json[][]) =>
	table({ guard: [{ hook, ...base }, ...rules] }, { family });

describe("a chain of a device", () => {
	it.each<[string, Json[], Packet, string]>([
		["drops what arrives by it", guard("ingress", "netdev", { dev: "eth0" }, fromClient), toPod, "drop"],
		["sees several devices", guard("ingress", "inet", { dev: ["eth1", "eth0"] }, fromClient), toPod, "drop"],
		["lets others pass", guard("ingress", "netdev", { dev: "eth0" }, fromClient), fromPod(), "untouched"],
		[
			"is before conntrack",
			guard("ingress", "inet", { dev: "eth0" }, [match(ct("state"), "new"), drop]),
			toPod,
			"untouched",
		],
		["drops what leaves by it", guard("egress", "netdev", { dev: "veth0" }, fromClient), toPod, "drop"],
		[
			"drops what its node sends",
			guard("egress", "netdev", { dev: "veth0" }, [drop]),
			fromNode({ destination: "10.244.3.2" }),
			"drop",
		],
		["may see the packets of another one", guard("ingress", "netdev", { dev: "bond0" }, fromClient), toPod, "unknown"],
		["whose name nft doesn't print may see all", guard("ingress", "netdev", {}, fromClient), toPod, "unknown"],
		[
			"doesn't see those of the loopback interface",
			guard("ingress", "netdev", { dev: "eth0" }, [drop]),
			fromNode({ destination: "172.18.0.4" }),
			"untouched",
		],
	])("%s", (_, objects, packet, expected) => {
		expect(ends(walk(objects, packet))).toEqual([expected]);
	});

	it("says where the packet is dropped", () => {
		const [path] = walk(guard("egress", "netdev", { dev: "veth0" }, fromClient), toPod);
		expect(path?.hops.map(({ text }) => text)).toEqual([
			"The packet to 10.244.3.2:8080 arrives at nodeport-worker3 and enters t guard: guard drops the packet: the client gets no answer, and its request times out.",
		]);
	});
});

describe("a chain of bridges", () => {
	const bridged: NodeNetwork = {
		...worker3,
		interfaces: [
			{ name: "eth0", addresses: ["172.18.0.4/16"] },
			{ name: "cni0", addresses: ["10.244.3.1/24"], bridge: true },
		],
		routes: [
			{ destination: "0.0.0.0/0", interface: "eth0", source: "172.18.0.4" },
			{ destination: "10.244.3.0/24", interface: "cni0", source: "10.244.3.1" },
		],
		sysctls: { "net.bridge.bridge-nf-call-iptables": "0" },
	};
	const neighbour = fromPod({ inInterface: "cni0", destination: "10.244.3.2", destinationPort: 8080 });
	const out = fromPod({ inInterface: "cni0", destination: "198.51.100.7" });

	it.each<[string, string, Packet, string]>([
		["may drop what pods of a bridge send to each other", "forward", neighbour, "unknown"],
		["at forward doesn't see what is routed", "forward", out, "untouched"],
		["at input may drop what is routed", "input", out, "unknown"],
		["at input doesn't see what is forwarded", "input", neighbour, "untouched"],
		["may drop what leaves through a bridge", "output", fromOutside({ destination: "10.244.3.2" }), "unknown"],
		["doesn't see packets of other interfaces", "prerouting", fromOutside({ destination: "172.18.0.4" }), "untouched"],
	])("%s", (_, hook, packet, expected) => {
		const ruleset = parseNftables(JSON.stringify({ nftables: guard(hook, "bridge", { policy: "drop" }) }));
		expect(ends(walkNftables(ruleset, packet, bridged))).toEqual([expected]);
	});
});

describe("a table", () => {
	const withFlags = (flags: unknown) => {
		const [first, ...others] = table({ f: [{ hook: "forward", policy: "drop" }] }, { name: "fw" });
		return [{ table: { ...(first?.table as Json), flags } }, ...others];
	};

	it.each<[string, unknown, string]>([
		["that is dormant does nothing", "dormant", "untouched"],
		["that has several flags may be dormant too", ["owner", "dormant"], "untouched"],
		["with an owner acts", "owner", "drop"],
		["may be dormant if nft 1.0.6 prints its name in place of the flag", "fw", "unknown"],
	])("%s", (_, flags, expected) => {
		expect(ends(walk(withFlags(flags), toPod))).toEqual([expected]);
	});
});

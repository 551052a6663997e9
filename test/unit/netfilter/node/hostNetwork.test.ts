import { describe, expect, it } from "vitest";
import { parseAddress } from "../../../../netfilter/address.ts";
import type { NodeNetwork, Packet } from "../../../../netfilter/model.ts";
import { Network } from "../../../../netfilter/node/hostNetwork.ts";
import { fromPod, only, worker3 } from "../fixtures.ts";
import { ends, toPod, walk } from "../iptables/smallTables.ts";

const address = (text: string) => parseAddress(text) ?? expect.fail(`${text} is an address`);

describe("a node's network", () => {
	const network = new Network({
		localAddresses: ["172.18.0.4", "10.244.3.1", "fe80::1", "fd00::1"],
		routes: [
			{ destination: "0.0.0.0/0", interface: "eth0", source: "172.18.0.4" },
			{ destination: "10.244.3.0/24", interface: "veth0", source: "10.244.3.1" },
		],
	});

	it.each([
		["172.18.0.4", true],
		["127.0.0.53", true],
		["::1", true],
		["172.18.0.5", false],
	])("counts %s as its own: %s", (text, expected) => {
		expect(network.isLocal(address(text))).toBe(expected);
	});

	it("uses the most specific route", () => {
		expect(network.interfaceTowards(address("10.244.3.2"))).toBe("veth0");
		expect(network.interfaceTowards(address("10.244.1.2"))).toBe("eth0");
		expect(network.interfaceTowards(address("172.18.0.4"))).toBe("lo");
	});

	it("doesn't know the interface or the masquerading address without a route", () => {
		expect(network.interfaceTowards(address("fd00::2"))).toBeUndefined();
		expect(network.sourcesTowards(address("fd00::2")).map(String)).toEqual(["fd00::1"]);
		const plain = new Network({ localAddresses: ["127.0.0.1", "172.18.0.4", "10.244.3.1"] });
		expect(plain.sourcesTowards(address("10.244.1.2")).map(String)).toEqual(["172.18.0.4", "10.244.3.1"]);
	});

	it("fails for text that isn't an address", () => {
		expect(() => new Network({ localAddresses: ["eth0"] })).toThrow('"eth0" isn\'t an address');
	});
});

describe("a multipath route", () => {
	const network: NodeNetwork = {
		...worker3,
		routes: [
			{ destination: "10.244.3.0/24", interface: "veth0", source: "10.244.3.1" },
			{ destination: "10.244.3.0/24", interface: "veth1", source: "10.244.3.1" },
			{ destination: "0.0.0.0/0", interface: "eth0", source: "172.18.0.4" },
			{ destination: "0.0.0.0/0", interface: "eth1", source: "172.18.0.5" },
		],
	};

	it.each([
		["FORWARD -o veth0 -j DROP", "unknown"],
		["FORWARD -o veth2 -j DROP", "unknown"],
		["FORWARD -i veth0 -j DROP", "untouched"],
	])("leads through one of several interfaces: with `%s`, %s", (rule, outcome) => {
		expect(ends(walk({ filter: [rule] }, toPod, network))).toEqual([outcome]);
	});

	it("isn't known to have one of the addresses that masquerading may choose", () => {
		const path = only(walk({ nat: ["POSTROUTING -j MASQUERADE"] }, fromPod({ destination: "198.51.100.1" }), network));
		expect(path).toMatchObject({ outcome: "untouched", masqueraded: true });
		expect(path).not.toHaveProperty("clientIp");
	});

	it("leads back through each of its interfaces", () => {
		const raw = ["PREROUTING -m rpfilter --invert -j DROP"];
		const from = (inInterface: string) => ({ ...toPod, source: "198.51.100.1", inInterface });
		expect(["eth0", "eth1", "veth0"].flatMap((name) => ends(walk({ raw }, from(name), network)))).toEqual([
			"untouched",
			"untouched",
			"drop",
		]);
	});
});

describe("a packet between two pods behind one bridge", () => {
	const onBridge = (value?: string): NodeNetwork => ({
		...worker3,
		interfaces: [
			{ name: "lo" },
			{ name: "eth0", addresses: ["172.18.0.4/16"] },
			{ name: "cni0", addresses: ["10.244.3.1/24"], bridge: true },
		],
		routes: [
			{ destination: "10.244.3.0/24", interface: "cni0", source: "10.244.3.1" },
			{ destination: "0.0.0.0/0", interface: "eth0", source: "172.18.0.4" },
		],
		...(value !== undefined && {
			sysctls: { "net.bridge.bridge-nf-call-iptables": value, "net.ipv4.ip_forward": "0" },
		}),
	});
	const { inInterface: _, ...sent } = fromPod({ destination: "10.244.3.9", destinationPort: 80 });
	const packet: Packet = { ...sent, received: true };
	const dropping = { filter: ["FORWARD -j DROP"] };

	it.each([
		["0", "untouched"],
		["1", "drop"],
		[undefined, "unknown"],
	])("meets the rules if bridge-nf-call-iptables is 1; with %s: %s", (value, outcome) => {
		expect(ends(walk(dropping, packet, onBridge(value)))).toEqual([outcome]);
	});

	it("is forwarded without ip_forward, and is bridged for -m physdev", () => {
		expect(
			ends(walk({ filter: ["FORWARD -m physdev --physdev-is-bridged -j ACCEPT"] }, packet, onBridge("1"))),
		).toEqual(["untouched"]);
		const rejecting = { filter: ["FORWARD -m physdev --physdev-is-bridged -j REJECT", "FORWARD -j DROP"] };
		expect(ends(walk(rejecting, packet, onBridge("1")))).toEqual(["reject"]);
	});

	it("isn't bridged if it is sent to an address of the node or of a Service", () => {
		const toClusterIp = { ...packet, destination: "10.96.0.10" };
		expect(ends(walk({ mangle: ["PREROUTING -j DROP"] }, toClusterIp, onBridge("0")))).toEqual(["drop"]);
	});
});

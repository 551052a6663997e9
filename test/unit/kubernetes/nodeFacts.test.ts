/** Facts about a node, as a shell prints them from /proc, and `ip` where it is there. */
import { readFile } from "node:fs/promises";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { parseFacts, printFacts } from "../../../kubernetes/nodeFacts.ts";
import { parseIptablesSave } from "../../../netfilter/iptables/parse.ts";
import { walkIptables } from "../../../netfilter/iptables/walk.ts";
import type { Packet } from "../../../netfilter/model.ts";
import { networkOf } from "../../../verification/journey/nodeNetwork.ts";
import { sampleView } from "../verification/sampleSnapshot.ts";

const trie = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     |-- 10.244.1.0
        /24 link UNICAST
        /32 host LOCAL
     |-- 192.0.2.11
        /32 host LOCAL
     |-- 192.0.2.255
        /32 link BROADCAST
Local:
     |-- 127.0.0.0
        /8 host LOCAL
     |-- 127.0.0.1
        /32 host LOCAL
`;
const printed = (sections: Record<string, string>): string =>
	Object.entries(sections)
		.map(([name, content]) => `== ${name}\n${content}\n`)
		.join("");
const route = (name: string, destination: string, mask: string, { flags = "0001", metric = 0 } = {}) =>
	`${name}\t${destination}\t00000000\t${flags}\t0\t0\t${metric}\t${mask}\t0\t0\t0`;
const heading = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT";
const files = {
	"/proc/net/dev": "Inter-|   Receive\n face |bytes    packets\n    lo:  1 2\n  eth0: 3 4\nveth12ab34cd: 5 6\n",
	"/proc/net/fib_trie": trie,
	"/proc/net/route": [
		heading,
		route("eth0", "00000000", "00000000", { flags: "0003" }),
		route("eth0", "000200C0", "00FFFFFF"),
		route("veth12ab34cd", "0501F40A", "FFFFFFFF"),
		route("*", "0001F40A", "00FFFFFF", { flags: "0201" }),
	].join("\n"),
	"/proc/sys/net/ipv4/ip_forward": "1",
	"/proc/sys/net/ipv4/conf/all/rp_filter": "0",
	"/proc/sys/net/ipv4/conf/eth0/rp_filter": "1",
};

describe("facts about a node", () => {
	const facts = parseFacts(printed(files));

	it("are its interfaces, local addresses, routes and settings", () => {
		expect(facts).toEqual({
			interfaces: [{ name: "lo" }, { name: "eth0" }, { name: "veth12ab34cd" }],
			localAddresses: ["10.244.1.0", "192.0.2.11", "127.0.0.1"],
			routes: [
				{ destination: "0.0.0.0/0", interface: "eth0" },
				{ destination: "192.0.2.0/24", interface: "eth0" },
				{ destination: "10.244.1.5/32", interface: "veth12ab34cd" },
				// It rejects packets.
				{ destination: "10.244.1.0/24" },
			],
			sysctls: {
				"net.ipv4.ip_forward": "1",
				"net.ipv4.conf.all.rp_filter": "0",
				"net.ipv4.conf.eth0.rp_filter": "1",
			},
		});
	});

	it("have no routes if other tables than main may decide", () => {
		const other = { ...files, "/proc/net/fib_trie": `${trie}Id 100:\n  +-- 0.0.0.0/0 3 0 5\n` };
		expect(parseFacts(printed(other)).routes).toBeUndefined();
		const rules = JSON.stringify([
			{ priority: 0, table: "local" },
			{ priority: 100, table: "wg" },
		]);
		expect(parseFacts(printed({ ...files, "ip -j rule": rules })).routes).toBeUndefined();
	});

	it("have every path of a multipath route, as `ip` prints it", () => {
		const printedRoutes = JSON.stringify([
			{ dst: "default", metric: 100, nexthops: [{ dev: "eth0" }, { dev: "eth1" }] },
			{ dst: "default", dev: "wlan0", metric: 600 },
			{ dst: "10.244.1.5", dev: "veth1" },
			{ type: "blackhole", dst: "10.244.1.0/26" },
		]);
		expect(parseFacts(printed({ ...files, "ip -j route show table main": printedRoutes })).routes).toEqual([
			{ destination: "10.244.1.5/32", interface: "veth1" },
			{ destination: "10.244.1.0/26" },
			{ destination: "0.0.0.0/0", interface: "eth0" },
			{ destination: "0.0.0.0/0", interface: "eth1" },
		]);
	});

	describe("of IPv6", () => {
		const zeros = "0".repeat(32);
		const routeTo = (name: string, metric: string) =>
			`${zeros} 00 ${zeros} 00 fe800000000000000000000000000001 ${metric} 00000001 00000000 00450003 ${name}`;
		const both = { "/proc/net/ipv6_route": [routeTo("eth0", "00000400"), routeTo("eth1", "00000100")].join("\n") };
		const rules = JSON.stringify([{ priority: 100, table: "100" }]);
		const destinations = (sections: Record<string, string>) => parseFacts(printed(sections)).routes;

		it("may be of any table in /proc, so several to one destination are possible", () => {
			expect(destinations(both)).toEqual([
				{ destination: "::/0", interface: "eth0" },
				{ destination: "::/0", interface: "eth1" },
			]);
		});

		it("aren't known if its rules select other tables, while those of IPv4 are", () => {
			expect(destinations({ ...both, "ip -6 -j rule": rules })).toBeUndefined();
			expect(destinations({ ...files, ...both, "ip -j rule": rules, "ip -6 -j rule": "[]" })).toHaveLength(2);
			expect(destinations({ ...files, ...both, "ip -6 -j rule": rules })).toHaveLength(4);
		});
	});

	it("name the bridges", () => {
		expect(parseFacts(printed({ ...files, bridges: "eth0" })).interfaces).toEqual([
			{ name: "lo" },
			{ name: "eth0", bridge: true },
			{ name: "veth12ab34cd" },
		]);
	});

	it("have the interfaces' addresses if `ip` prints them", () => {
		const address = JSON.stringify([{ ifname: "eth0", addr_info: [{ local: "192.0.2.11", prefixlen: 24 }] }]);
		expect(parseFacts(printed({ ...files, "ip -j address": address })).interfaces).toEqual([
			{ name: "eth0", addresses: ["192.0.2.11/24"] },
		]);
	});

	it("are unknown if nothing could be read, or `ip` prints no JSON", () => {
		expect(parseFacts("")).toEqual({});
		expect(parseFacts(printed({ "ip -j address": "1: lo: <LOOPBACK>" }))).toEqual({});
	});

	it("are printed by a shell on this machine", async () => {
		const [shell = "", ...args] = printFacts;
		const { localAddresses, interfaces, sysctls } = parseFacts((await execa(shell, args)).stdout);
		expect(localAddresses).toContain("127.0.0.1");
		const forwards = await readFile("/proc/sys/net/ipv4/ip_forward", "utf8");
		expect(sysctls?.["net.ipv4.ip_forward"]).toBe(forwards.trim());
		expect(interfaces?.map(({ name }) => name)).toContain("lo");
	});
});

it("a setting without a value isn't known", () => {
	expect(parseFacts(printed({ "/proc/sys/net/ipv4/conf/all/route_localnet": "" }))).toEqual({});
});

describe("a path on a node whose facts are known", () => {
	const [sample = expect.fail("there is a node")] = sampleView().nodes;
	const node = { ...sample, name: "worker-1", internalIp: "192.0.2.11", podCidr: "10.244.1.0/24" };
	const toPod: Packet = {
		family: "ipv4",
		protocol: "tcp",
		source: "192.0.2.12",
		destination: "10.244.1.5",
		destinationPort: 8080,
		received: true,
		mark: 0,
		ctstate: "NEW",
	};
	const outcome = (rule: string, packet = toPod, changes: Record<string, string> = {}, isKnown = true) => {
		const saved = `*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD ${rule}\nCOMMIT\n`;
		const facts = isKnown ? parseFacts(printed({ ...files, ...changes })) : {};
		return walkIptables(parseIptablesSave(saved), packet, networkOf(node, facts)).map(({ outcome }) => outcome);
	};

	it.each([
		["-o cali+ -j DROP", "untouched", "unknown"],
		["-o veth+ -j DROP", "drop", "unknown"],
		["-i docker0 -j DROP", "untouched", "unknown"],
		// IPv4 asks no route for it: what isn't a local, broadcast or multicast address is unicast.
		["-m addrtype --dst-type UNICAST -j DROP", "drop", "drop"],
	])("with `%s` is %s, and %s without them", (rule, known, unknown) => {
		expect(outcome(rule)).toEqual([known]);
		expect(outcome(rule, toPod, {}, false)).toEqual([unknown]);
	});

	it("ends where the kernel doesn't forward, or where the way back leads elsewhere", () => {
		expect(outcome("-j ACCEPT", toPod, { "/proc/sys/net/ipv4/ip_forward": "0" })).toEqual(["drop"]);
		expect(outcome("-j ACCEPT", { ...toPod, source: "10.244.1.5", inInterface: "eth0" })).toEqual(["drop"]);
	});

	it("has the source that masquerading chooses, if the addresses show it", () => {
		const sources = (changes = {}) =>
			networkOf(node, parseFacts(printed({ ...files, ...changes }))).routes?.map(({ source }) => source);
		expect(sources()).toEqual(["192.0.2.11", "192.0.2.11", undefined, "10.244.1.0"]);
		const withGateway = trie.replaceAll("10.244.1.0", "10.244.1.1");
		expect(sources({ "/proc/net/fib_trie": withGateway })).toEqual([
			"192.0.2.11",
			"192.0.2.11",
			"10.244.1.1",
			"10.244.1.1",
		]);
	});
});

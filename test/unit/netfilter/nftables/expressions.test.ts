/** Which packets a rule of nftables is for, and what is not known. */
import { describe, expect, it } from "vitest";
import { parseNftables } from "../../../../netfilter/nftables/parse.ts";
import { walkNftables } from "../../../../netfilter/nftables/walk.ts";
import { fromOutside, worker3 } from "../fixtures.ts";
import {
	ct,
	drop,
	ends,
	fib,
	forward,
	ip,
	type Json,
	match,
	meta,
	port,
	random,
	table,
	toPod,
	walk,
} from "./smallTable.ts";

describe("conditions", () => {
	const sets = [
		{ name: "addresses", type: "ipv4_addr", elem: ["10.244.3.1", { range: ["10.244.3.2", "10.244.3.9"] }] },
		{ name: "ports", type: "inet_service", elem: [{ elem: { val: 8080, comment: "echo" } }] },
		{
			name: "services",
			type: ["ipv4_addr", "inet_proto", "inet_service"],
			elem: [{ concat: ["10.244.3.2", "tcp", 8080] }, { concat: [{ prefix: { addr: "172.18.0.0", len: 16 } }, 6, 80] }],
		},
		{ name: "everything", type: "ipv4_addr", elem: ["10.0.0.1", "*"] },
	];
	const triple = { concat: [ip("daddr"), meta("l4proto"), port("th")] };

	it.each<[string, Json, boolean]>([
		["an address", match(ip("saddr"), "172.18.0.1"), true],
		["a prefix", match(ip("saddr"), { prefix: { addr: "172.18.0.0", len: 16 } }), true],
		["not a prefix", match(ip("saddr"), { prefix: { addr: "172.18.0.0", len: 16 } }, "!="), false],
		["a set without a name", match(ip("daddr"), { set: ["10.244.3.1", "10.244.3.2"] }), true],
		["not of a set", match(ip("daddr"), { set: ["10.244.3.1", "10.244.3.2"] }, "!="), false],
		["a range in a set", match(ip("daddr"), "@addresses"), true],
		["an element with a comment", match(port("tcp"), "@ports"), true],
		["a concatenation", match(triple, "@services"), true],
		["everything else", match(ip("daddr"), "@everything"), true],
		["a protocol", match(meta("l4proto"), { set: ["tcp", "udp"] }), true],
		["a protocol by its number", match(meta("l4proto"), 6), true],
		["a port of any protocol", match(port("th"), { range: [8000, 9000] }), true],
		["a port of another protocol", match(port("udp"), 8080), false],
		["not a port of another protocol", match(port("udp"), 8080, "!="), false],
		["an address of the other family", match({ payload: { protocol: "ip6", field: "daddr" } }, "::1", "!="), false],
		["a larger port", match(port("tcp"), 1023, ">"), true],
		["a bit of the mark", match({ "&": [meta("mark"), 0x4000] }, 0, "!="), true],
		["the whole mark", match(meta("mark"), 0x4001), true],
		["a small mark", match(meta("mark"), 10, "<"), false],
		["the type of an address", match(fib("daddr"), "local"), false],
		["not the type of an address", match(fib("daddr"), "local", "!="), true],
		[
			"an option of TCP for a packet of UDP",
			match({ "tcp option": { name: "maxseg", field: "size" } }, 536, "<"),
			false,
		],
		["that an option of TCP exists", match({ "tcp option": { name: "maxseg" } }, true), false],
		["a chunk of SCTP", match({ "sctp chunk": { name: "init" } }, false), true],
		["a state", match(ct("state"), "new", "in"), true],
		["several states", match(ct("state"), ["established", "related"], "in"), false],
		["a set of states", match(ct("state"), { set: ["established", "new"] }), true],
		["a status", match(ct("status"), "dnat", "in"), false],
		["an interface", match(meta("iifname"), "eth0"), true],
		["the beginning of an interface's name", match(meta("oifname"), "veth*"), true],
		["not an interface", match(meta("iifname"), "lo", "!="), true],
		["the family", match(meta("nfproto"), "ipv4"), true],
	])("hold or not: %s", (_, condition, expected) => {
		const objects = table({ f: [{ hook: "forward" }, [condition, drop]] }, { sets });
		const protocol = JSON.stringify(condition).includes("tcp option") ? "udp" : "tcp";
		expect(ends(walk(objects, { ...toPod, protocol, mark: 0x4001 }))).toEqual([expected ? "drop" : "untouched"]);
	});

	/** inet_dev_addr_type in net/ipv4/fib_frontend.c, confirmed by Linux 6.18. */
	it.each([
		["eth0", "local", true],
		["veth0", "local", false],
		["veth0", "unicast", true],
		["eth0", "unicast", false],
		["veth0", "broadcast", false],
		["veth0", { set: ["local", "broadcast", "multicast", "unicast"] }, true],
	])("on %s, the node's address on eth0 is of type %j: %s", (inInterface, type, expected) => {
		const condition = match({ fib: { result: "type", flags: ["daddr", "iif"] } }, type);
		const objects = table({ p: [{ hook: "prerouting" }, [condition, drop]] });
		const interfaces = [
			{ name: "eth0", addresses: ["172.18.0.4/16"] },
			{ name: "veth0", addresses: ["10.244.3.1/32"] },
		];
		const packet = fromOutside({ inInterface, destinationPort: 22 });
		const ruleset = parseNftables(JSON.stringify({ nftables: objects }));
		expect(ends(walkNftables(ruleset, packet, { ...worker3, interfaces }))).toEqual([expected ? "drop" : "untouched"]);
	});

	it("that are random have their probability", () => {
		const paths = walk(forward([match(random(4), 1, "<"), drop]), toPod);
		expect(paths.map(({ outcome, probability }) => [outcome, probability])).toEqual([
			["drop", 0.25],
			["untouched", 0.75],
		]);
	});

	it.each<[string, Json, string]>([
		["an unknown field", match(meta("iifgroup"), 0), "meta iifgroup of the packet is unknown"],
		[
			"an expression that isn't supported",
			match({ socket: { key: "mark" } }, 1),
			'{"socket":{"key":"mark"}} isn\'t supported',
		],
		["a limit", { limit: { rate: 5 } }, '{"limit":{"rate":5}} depends on earlier packets'],
		[
			"the node's routes",
			match({ fib: { result: "oif", flags: ["daddr", "mark"] } }, 0),
			"depends on the node's routes",
		],
		["a missing set", match(ip("saddr"), "@missing"), "with a value that isn't supported"],
		["all bits of a status", match(ct("status"), "dnat", "!="), ""],
	])("that can't be evaluated make the result unknown: %s", (_, condition, reason) => {
		const natted = { ...toPod, ctstate: "DNAT" } as const;
		const [path] = walk(forward([condition, drop]), natted);
		expect(path?.outcome).toBe("unknown");
		expect(path?.hops[0]?.text).toContain(reason);
	});

	it("that can't be evaluated don't matter if another one fails", () => {
		const strange = match(meta("iifgroup"), 0);
		expect(ends(walk(forward([strange, match(ip("saddr"), "10.0.0.1"), drop]), toPod))).toEqual(["untouched"]);
		expect(ends(walk(forward([strange, match(ip("saddr"), "172.18.0.1"), drop]), toPod))).toEqual(["unknown"]);
	});

	it("don't matter if the rule does nothing", () => {
		const counted = { counter: { packets: 0, bytes: 0 } };
		expect(
			ends(walk(forward([match(meta("iifgroup"), 0), counted], [match(meta("iifgroup"), 0), { log: null }]), toPod)),
		).toEqual(["untouched"]);
	});
});

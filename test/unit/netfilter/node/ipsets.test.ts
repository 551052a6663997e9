/** Sets of the kernel, as `ipset save` of ipset 7.17 prints them. */
import { describe, expect, it } from "vitest";
import type { NodeNetwork } from "../../../../netfilter/model.ts";
import { parseIpsets } from "../../../../netfilter/node/ipsets.ts";
import { worker3 } from "../fixtures.ts";
import { ends, toPod, walk } from "../iptables/smallTables.ts";

const saved = `create nets hash:net family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x3a2b timeout 300 counters comment
add nets 172.18.0.0/16 timeout 299 packets 0 bytes 0 comment "office network"
add nets 172.18.0.1 nomatch timeout 299 packets 0 bytes 0
add nets 172.18.0.9/32 timeout 10 packets 1 bytes 2
create pods hash:ip family inet hashsize 1024 maxelem 65536
add pods 10.244.3.2
add pods 10.244.3.3
create ports bitmap:port range 0-65535
add ports 8080
create services hash:ip,port family inet hashsize 1024 maxelem 65536
add services 10.244.3.2,tcp:8080
add services 10.244.3.2,udp:53
create links hash:net,iface family inet hashsize 1024 maxelem 65536
add links 172.18.0.0/16,eth0
create all list:set size 8
add all nets
add all pods
create masked hash:ip family inet hashsize 1024 maxelem 65536 netmask 24
add masked 10.244.3.0
create ipv6 hash:ip family inet6 hashsize 1024 maxelem 65536
add ipv6 fd00::1
create macs hash:mac hashsize 1024 maxelem 65536
add macs 02:00:00:00:00:01
`;

const network: NodeNetwork = { ...worker3, ipsets: parseIpsets(saved) };

describe("a rule that asks for a set", () => {
	it.each([
		["--match-set pods dst", "drop"],
		["--match-set pods src", "untouched"],
		["! --match-set pods src", "drop"],
		["--match-set nets src", "untouched"],
		["--match-set ports dst", "drop"],
		["--match-set services dst,dst", "drop"],
		["--match-set services dst", "untouched"],
		["--match-set services dst,src", "untouched"],
		["--match-set links src,src", "drop"],
		["--match-set links src,dst", "untouched"],
		["--match-set all src", "untouched"],
		["--match-set all dst", "drop"],
		["--match-set ipv6 src", "untouched"],
		["--match-set pods dst ! --update-counters", "drop"],
		["--match-set masked dst", "unknown"],
		["--match-set macs src", "unknown"],
		["--match-set missing src", "unknown"],
		["--match-set nets src --return-nomatch", "unknown"],
	])("compares with its elements: %s, %s", (condition, outcome) => {
		expect(ends(walk({ filter: [`FORWARD -m set ${condition} -j DROP`] }, toPod, network))).toEqual([outcome]);
	});

	it.each([
		["172.18.0.9", "drop"],
		["172.18.0.1", "untouched"],
		["198.51.100.1", "untouched"],
	])("excepts addresses from a network: %s, %s", (source, outcome) => {
		const rules = ["FORWARD -m set --match-set nets src -j DROP"];
		expect(ends(walk({ filter: rules }, { ...toPod, source }, network))).toEqual([outcome]);
	});

	it("is unknown without the sets, and once a rule has changed the set", () => {
		const rules = ["FORWARD -m set --match-set pods src -j DROP"];
		expect(ends(walk({ filter: rules }, toPod))).toEqual(["unknown"]);
		const adding = { mangle: ["FORWARD -j SET --add-set pods src"], filter: rules };
		expect(ends(walk(adding, toPod, network))).toEqual(["unknown"]);
		const others = { ...adding, mangle: ["FORWARD -j SET --add-set nets src --exist"] };
		expect(ends(walk(others, toPod, network))).toEqual(["untouched"]);
	});
});

/** Which packets a rule of iptables is for, and what is not known. */
import { describe, expect, it } from "vitest";
import { parseIptablesSave } from "../../../../netfilter/iptables/parse.ts";
import { walkIptables } from "../../../../netfilter/iptables/walk.ts";
import { worker3 } from "../fixtures.ts";
import { ends, save, toPod, walk } from "./smallTables.ts";

describe("conditions", () => {
	it.each([
		["-s 172.18.0.0/16", true],
		["! -s 172.18.0.0/16", false],
		["-d 10.244.3.2/32 -p tcp", true],
		["-p udp", false],
		["! -p udp", true],
		["-p tcp -m tcp --dport 8000:9000", true],
		["-p tcp -m tcp ! --dport 8000:9000", false],
		["-p tcp -m multiport --dports 80,443,8080", true],
		["-p tcp -m multiport ! --sports 1:1023", true],
		["-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN", true],
		["-p tcp -m tcp --tcp-flags ACK ACK", false],
		["-i eth0 -o veth0", true],
		["-i eth+ -o e+", false],
		["! -o lo", true],
		["-m addrtype --dst-type LOCAL", false],
		["-m addrtype ! --dst-type LOCAL", true],
		["-m addrtype --src-type LOCAL,MULTICAST", false],
		["-m conntrack --ctstate RELATED,ESTABLISHED", false],
		["-m conntrack ! --ctstate RELATED,ESTABLISHED", true],
		["-m recent --set --name A --rsource", true],
		["-m recent --rcheck --seconds 60 --name A --rsource", false],
		["-m nfacct --nfacct-name x", true],
		["-f", false],
		["-m statistic --mode nth --every 1 --packet 0", true],
		["-m pkttype --pkt-type unicast", true],
		["-m pkttype --pkt-type broadcast", false],
		["-m conntrack --ctproto 6", true],
		["-m conntrack --ctstatus CONFIRMED,ASSURED", false],
		["-m conntrack ! --ctstatus EXPECTED", true],
		["-m conntrack --ctstatus NONE", false],
		["-m conntrack --ctorigsrc 172.18.0.1", true],
		["-m conntrack --ctreplsrc 10.244.3.2 --ctrepldst 172.18.0.1", true],
		["-p tcp -m conntrack --ctreplsrcport 8080 --ctrepldstport 40000", true],
		["-p tcp -m conntrack --ctorigsrcport 1:1023", false],
		["-m helper --helper ftp", false],
		["-m cgroup ! --cgroup 1", false],
	])("hold: %s, %s", (condition, expected) => {
		expect(ends(walk({ filter: [`FORWARD ${condition} -j DROP`] }, toPod))).toEqual([expected ? "drop" : "untouched"]);
	});

	it.each([
		["INVALID", "-m conntrack --ctstate INVALID --ctproto 17", true],
		["INVALID", "-m conntrack --ctproto 6", false],
		["INVALID", "-m conntrack ! --ctorigdst 192.0.2.1", false],
		["NEW", "-m conntrack --ctstate NEW --ctproto 17", false],
	] as const)("for a packet in state %s: %s holds: %s", (ctstate, condition, expected) => {
		const paths = walk({ filter: [`FORWARD ${condition} -j DROP`] }, { ...toPod, ctstate });
		expect(ends(paths)).toEqual([expected ? "drop" : "untouched"]);
	});

	it("that fail decide, independent of the others", () => {
		expect(ends(walk({ filter: ["FORWARD -p udp -m limit --limit 5/min -j DROP"] }, toPod))).toEqual(["untouched"]);
	});

	it("of a rule that does nothing don't matter", () => {
		const rules = ["FORWARD -m limit --limit 5/min -j LOG", "FORWARD -m limit --limit 5/min"];
		expect(ends(walk({ filter: rules }, toPod))).toEqual(["untouched"]);
	});

	it("that remember the source do so even if the rest of the rule fails", () => {
		const rules = [
			"FORWARD -m recent --set --name A --rsource -m mark --mark 0x1 -j ACCEPT",
			"FORWARD -m recent --rcheck --name A --rsource -j DROP",
		];
		expect(ends(walk({ filter: rules }, toPod))).toEqual(["drop"]);
	});

	it.each([
		["the first packet is below the number", 4, "untouched"],
		["the first packet is enough", 1, "drop"],
	])("that count remembered packets: %s", (_, hits, expected) => {
		const rules = [
			"FORWARD -p tcp -m recent --set --name SSH --mask 255.255.255.255 --rsource",
			`FORWARD -p tcp -m recent --update --seconds 60 --hitcount ${hits} --name SSH --mask 255.255.255.255 --rsource -j DROP`,
		];
		expect(ends(walk({ filter: rules }, toPod))).toEqual([expected]);
	});

	it("that count the packets of a source that was remembered before are unknown", () => {
		const rule = "FORWARD -m recent --rcheck --hitcount 4 --name SSH --rsource -j DROP";
		const tables = parseIptablesSave(save({ filter: [rule] }));
		expect(ends(walkIptables(tables, toPod, worker3, { affinity: ["SSH"] }))).toEqual(["unknown"]);
		expect(ends(walkIptables(tables, toPod, worker3, { affinity: "first" }))).toEqual(["unknown"]);
		expect(ends(walkIptables(tables, toPod, worker3))).toEqual(["untouched"]);
	});

	it("that remember the source don't if the rule has failed before", () => {
		const rules = [
			"FORWARD -p udp -m recent --set --name A --rsource -j ACCEPT",
			"FORWARD -m recent --rcheck --name A --rsource -j DROP",
		];
		expect(ends(walk({ filter: rules }, toPod))).toEqual(["untouched"]);
	});
});

describe("unknown", () => {
	it.each([
		["an unsupported condition", "FORWARD -m limit --limit 5/min -j DROP", '"-m limit --limit 5/min" isn\'t supported'],
		["an unsupported target", "FORWARD -j NFQUEUE --queue-num 1", '"-j NFQUEUE --queue-num 1" isn\'t supported'],
		["an unknown interface", "FORWARD -o eth1 -j DROP", "the rule matches interface eth1"],
		[
			"a type of address that depends on the interfaces' networks",
			"FORWARD -m addrtype --src-type UNICAST -j DROP",
			"depends on the node's interfaces and routes",
		],
	])("is the result, with the reason: %s", (_, rule, reason) => {
		const fromBroadcast = { ...toPod, source: "172.18.0.255" };
		const [path, ...others] = walk({ filter: [rule] }, fromBroadcast, { localAddresses: ["172.18.0.4"] });
		expect(others).toEqual([]);
		expect(path).toMatchObject({
			outcome: "unknown",
			probability: 1,
			hops: [{ effect: "unknown", rule: `-A ${rule}` }],
		});
		expect(path?.hops[0]?.text).toContain(reason);
	});

	it.each([
		["UNICAST", "drop"],
		["BROADCAST", "untouched"],
		["BLACKHOLE,PROHIBIT,UNREACHABLE", "untouched"],
	])("isn't the type of an address that no network ends with: %s", (types, expected) => {
		const rule = `FORWARD -m addrtype --dst-type ${types} -j DROP`;
		expect(ends(walk({ filter: [rule] }, toPod, { localAddresses: ["172.18.0.4"] }))).toEqual([expected]);
	});

	it("is the result of a condition on an unknown source port", () => {
		const { sourcePort: _, ...packet } = toPod;
		expect(ends(walk({ filter: ["FORWARD -p tcp -m tcp --sport 1024: -j DROP"] }, packet))).toEqual(["unknown"]);
	});

	it("is the result of a truncated table", () => {
		const cut = save({ nat: ["PREROUTING -j ACCEPT"] }).replace("COMMIT\n", "");
		const [path] = walkIptables(parseIptablesSave(cut), toPod, worker3);
		expect(path).toMatchObject({
			outcome: "unknown",
			hops: [{ table: "nat", chain: "PREROUTING", effect: "unknown" }],
		});
	});
});

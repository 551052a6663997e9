import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseIptablesSave, problemsOf } from "../../../../netfilter/iptables/parse.ts";
import type { Rule } from "../../../../netfilter/iptables/rule.ts";
import { captured, fixture } from "../fixtures.ts";

const table = (...rules: string[]) =>
	["*nat", ":PREROUTING ACCEPT [0:0]", ":KUBE-SERVICES - [0:0]", ...rules, "COMMIT", ""].join("\n");

/** The one rule of a chain whose specification this is. */
function rule(specification: string): Rule {
	const { tables } = parseIptablesSave(table(`-A KUBE-SERVICES ${specification}`.trimEnd()));
	return tables.get("nat")?.chains.get("KUBE-SERVICES")?.rules[0] ?? expect.fail("there is a rule");
}

/** Match kinds as short text. */
const matches = (specification: string) =>
	rule(specification).body.matches.map(({ kind, not, ...rest }) => {
		const values = Object.values(rest).map((value) =>
			typeof value === "object" ? JSON.stringify(value) : String(value),
		);
		return [`${not ? "not " : ""}${kind}`, ...values].join(" ");
	});

const saves = [
	...captured(".iptables-nft.ipv4.txt"),
	...captured(".iptables-nft.ipv6.txt"),
	...captured(".iptables-legacy.ipv4.txt"),
	"kind/1.36.3.nodeport-worker3.iptables-nft.ipv4.txt",
	"documented/1.16.walkthrough.txt",
	"documented/kindnet.txt",
];

describe("parseIptablesSave", () => {
	it.each(saves)("understands everything in %s", (name) => {
		const text = fixture(name);
		const saved = parseIptablesSave(text);
		expect(problemsOf(saved)).toEqual([]);
		expect(saved.family).toBe(name.includes("ipv6") ? "ipv6" : "ipv4");
	});

	it.each(saves)("keeps every rule of %s, in its chain and its order", (name) => {
		const text = fixture(name);
		const lines = text.split("\n");
		const rules = [...parseIptablesSave(text).tables.values()].flatMap(({ chains }) =>
			[...chains.values()].flatMap(({ name: chain, rules }) => rules.map((rule) => ({ chain, rule }))),
		);
		for (const { chain, rule } of rules) {
			expect(lines[rule.line - 1]?.replace(/^\[\d+:\d+\] /, "")).toBe(rule.text);
			expect(rule.text.split(" ").slice(0, 2)).toEqual(["-A", chain]);
		}
		expect(rules).toHaveLength(lines.filter((line) => /^(\[\d+:\d+\] )?-A /.test(line)).length);
	});

	it("reads counters, policies and a rule's line number", () => {
		const { tables } = parseIptablesSave(
			["*filter", ":FORWARD DROP [3:180]", ":X - [0:0]", "[12:888] -A FORWARD -j X", "COMMIT"].join("\n"),
		);
		const forward = tables.get("filter")?.chains.get("FORWARD");
		expect(forward).toMatchObject({ policy: "DROP", rules: [{ line: 4, counters: { packets: 12, bytes: 888 } }] });
		expect(tables.get("filter")?.chains.get("X")).not.toHaveProperty("policy");
	});

	it.each([
		["-s 10.0.0.0/8 ! -d 10.96.0.1/32", ["source", "not destination"]],
		["! -i eth+ -o lo", ["not in-interface eth+", "out-interface lo"]],
		["-p tcp -m tcp --sport 1024:65535 ! --dport :1023", ["protocol tcp", "source-port", "not destination-port"]],
		["-p 132", ["protocol sctp"]],
		["-p udp -m multiport --ports 53,5353:5354", ["protocol udp", "either-port"]],
		["-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN", ["protocol tcp", "tcp-flags"]],
		["-m mark ! --mark 0x4000/0x4000", ["not mark 16384 16384"]],
		["-m mark --mark 0x1", ["mark 1 4294967295"]],
		["-m addrtype ! --dst-type LOCAL -m addrtype --src-type UNICAST", ["not address-type", "address-type"]],
		["-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT", ["not conntrack-state"]],
		["-m state --state NEW", ["conntrack-state"]],
		["-m statistic --mode random --probability 0.33333333349", ["random 0.33333333349"]],
		["-m recent --rcheck --seconds 10800 --reap --name A --mask 255.255.255.255 --rsource", ["recent rcheck A"]],
		["-m recent --set --name A --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rsource", ["recent set A"]],
		["-m nfacct --nfacct-name  localhost_nps_accepted_pkts", ["nfacct localhost_nps_accepted_pkts"]],
		['-m comment --comment "! -s 1.2.3.4 -j DROP" -j KUBE-SERVICES', []],
		["-s 10.0.0.0/8 -m mark --mark 0x1 -p tcp", ["source", "protocol tcp", "mark 1"]],
	])("reads the conditions of %s", (specification, expected) => {
		const found = matches(specification);
		expect(found).toHaveLength(expected.length);
		expected.forEach((start, i) => {
			expect(found[i]).toMatch(new RegExp(`^${start.replaceAll("+", "\\+")}`));
		});
	});

	it("reads iptables' own conditions only at the start of a rule", () => {
		const { firstMatches } = rule('-s 10.0.0.0/8 ! -i lo -m comment --comment "a -p udp" -j DROP');
		expect(firstMatches.map(({ kind }) => kind)).toEqual(["source", "in-interface"]);
	});

	it.each([
		["", { kind: "none" }],
		["-j ACCEPT", { kind: "accept" }],
		["-g KUBE-SERVICES", { kind: "chain", name: "KUBE-SERVICES", goto: true }],
		["-j REJECT --reject-with tcp-reset", { kind: "reject", with: "tcp-reset" }],
		["-j MARK --set-xmark 0x4000/0x0", { kind: "mark", value: 0x4000, mask: 0 }],
		["-j MARK --set-mark 0x1/0xff", { kind: "mark", value: 1, mask: 0xff }],
		["-j MARK --set-mark 0x1", { kind: "mark", value: 1, mask: 0xffffffff }],
		["-j MARK --or-mark 0x4000", { kind: "mark", value: 0x4000, mask: 0x4000 }],
		["-j MARK --and-mark 0xffff", { kind: "mark", value: 0, mask: 0xffff0000 }],
		["-j MARK --xor-mark 0x4000", { kind: "mark", value: 0x4000, mask: 0 }],
		["-j MASQUERADE", { kind: "masquerade", otherPort: false }],
		["-j MASQUERADE --random-fully", { kind: "masquerade", otherPort: true }],
		['-j LOG --log-prefix "-j DROP "', { kind: "observe", name: "LOG" }],
		["-j CT --notrack", { kind: "notrack" }],
	])("reads the target of %j", (specification, expected) => {
		expect(rule(specification).body.target).toEqual(expected);
	});

	it.each([
		["--to-destination 10.244.1.9:8080", ["10.244.1.9"], [8080]],
		["--to-destination 10.244.1.9", ["10.244.1.9"], undefined],
		["--to-destination [fd00::9]:8080", ["fd00::9"], [8080]],
		["--to-destination fd00::9", ["fd00::9"], undefined],
		["--to-destination :53 --random", undefined, [53]],
		["--to-destination 10.0.0.254-10.0.1.1:80", ["10.0.0.254", "10.0.0.255", "10.0.1.0", "10.0.1.1"], [80]],
		["--to-destination [fd00::9-fd00::a]:80-82 --persistent", ["fd00::9", "fd00::a"], [80, 81, 82]],
		["--to-destination 10.0.0.1:1024-65535", ["10.0.0.1"], "unknown"],
	])("reads DNAT %s", (option, addresses, ports) => {
		const { target } = rule(`-p tcp -j DNAT ${option}`).body;
		if (target.kind !== "dnat") return expect.fail("it is understood");
		expect([target.to.addresses?.map(String), target.to.ports]).toEqual([addresses, ports]);
	});
});

describe("a table that the text contains twice", () => {
	const filter = (...rules: string[]) => `*filter\n:FORWARD ACCEPT [0:0]\n${rules.join("")}COMMIT\n`;
	const dropping = filter("-A FORWARD -j DROP\n");
	const rulesIn = (text: string) => parseIptablesSave(text).tables.get("filter")?.chains.get("FORWARD")?.rules.length;

	it("is the one with rules, if the other one is empty", () => {
		expect([dropping + filter(), filter() + dropping].map(rulesIn)).toEqual([1, 1]);
		expect(problemsOf(parseIptablesSave(dropping + filter()))).toEqual([]);
	});

	it("is reported and incomplete, if both have rules", () => {
		const saved = parseIptablesSave(dropping + dropping);
		expect(saved.tables.get("filter")?.incomplete).toBe("the text contains this table twice");
		expect(problemsOf(saved)).toMatchObject([{ line: 8 }]);
	});
});

describe("what isn't understood", () => {
	it.each([
		["-m limit --limit 5/min -j ACCEPT", ["-m limit --limit 5/min"]],
		["-m statistic --mode nth --every 3 --packet 0 -j ACCEPT", ["-m statistic --mode nth --every 3 --packet 0"]],
		["-p tcp -m tcp --tcp-option 5 -j ACCEPT", ["-m tcp --tcp-option 5"]],
		["-m recent --rcheck --rttl --name A --rsource", ["-m recent --rcheck --rttl --name A --rsource"]],
		[
			"-m recent --set --name A --mask 255.255.255.0 --rsource",
			["-m recent --set --name A --mask 255.255.255.0 --rsource"],
		],
		["-s 10.0.0.0/255.0.255.0", ["-s 10.0.0.0/255.0.255.0"]],
		[
			"-m addrtype --dst-type LOCAL --limit-iface-in --other",
			["-m addrtype --dst-type LOCAL --limit-iface-in --other"],
		],
		["-m conntrack [unsupported revision] -j DROP", ["-m conntrack [unsupported revision]"]],
		["-j DNAT --to-destination 10.0.0.9-10.0.0.1:80", ["-j DNAT --to-destination 10.0.0.9-10.0.0.1:80"]],
		["-j DNAT --to-destination 10.0.0.0-10.1.0.0:80", ["-j DNAT --to-destination 10.0.0.0-10.1.0.0:80"]],
		["-j DNAT --to-destination 10.0.0.1:80-90/85", ["-j DNAT --to-destination 10.0.0.1:80-90/85"]],
		["-j MARK --set-xmark 0x4000/0x4000 --extra", ["-j MARK --set-xmark 0x4000/0x4000 --extra"]],
		["-j SNAT --to-source 10.0.0.1-10", ["-j SNAT --to-source 10.0.0.1-10"]],
		["-j TPROXY --on-port 15001", ["-j TPROXY --on-port 15001"]],
		['-m foo ! --bar "a b" -m baz -j ACCEPT', ['-m foo ! --bar "a b"', "-m baz"]],
	])("stays on the rule: %s", (specification, expected) => {
		const saved = parseIptablesSave(table(`-A KUBE-SERVICES ${specification}`));
		expect(problemsOf(saved)).toEqual(
			expected.map((text) => ({
				line: 4,
				text: `-A KUBE-SERVICES ${specification}`,
				reason: `"${text}" isn't understood`,
			})),
		);
	});

	it.each([
		["a rule of no chain", table("-A KUBE-MISSING -j ACCEPT"), 4],
		["a line of another kind", table("-X KUBE-SERVICES"), 4],
		["a chain without a policy", table(":KUBE-ODD"), 4],
		["a line outside of any table", `iptables-save v1.8.9: something\n${table()}`, 1],
	])("is reported by its line: %s", (_, text, line) => {
		expect(problemsOf(parseIptablesSave(text))).toMatchObject([{ line, text: text.split("\n")[line - 1] }]);
	});

	it("makes a truncated table incomplete", () => {
		const { tables } = parseIptablesSave(table("-A PREROUTING -j KUBE-SERVICES").replace("COMMIT\n", ""));
		expect(tables.get("nat")?.incomplete).toBe("the text ends before its COMMIT");
	});

	it("makes a table incomplete that iptables-save can't print", () => {
		const saved = parseIptablesSave("# Table `nat' is incompatible, use 'nft' tool.\n");
		expect(saved.tables.get("nat")?.incomplete).toBe("iptables-save couldn't print it");
		expect(problemsOf(saved)).toHaveLength(1);
	});

	it("includes a text with rules of both families", () => {
		const header = (tool: string) => `# Generated by ${tool} v1.8.9 (nf_tables) on Tue Nov 24 10:00:07 2026\n`;
		expect(() => parseIptablesSave(header("iptables-save") + header("ip6tables-save"))).toThrow(
			"rules of both families",
		);
	});

	it("never loses or adds a rule", () => {
		const word = fc.stringMatching(/^[-!a-z0-9"\\ ]{1,12}$/);
		fc.assert(
			fc.property(fc.array(word, { maxLength: 8 }), (words) => {
				const text = `-A KUBE-SERVICES ${words.join(" ")}`.trimEnd();
				const { tables } = parseIptablesSave(table(text));
				const [only, ...others] = tables.get("nat")?.chains.get("KUBE-SERVICES")?.rules ?? [];
				expect(others).toEqual([]);
				expect(only?.text).toBe(text);
				expect(only?.body.matches).toBeInstanceOf(Array);
			}),
		);
	});
});

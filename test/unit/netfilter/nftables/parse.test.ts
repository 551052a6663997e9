import { describe, expect, it } from "vitest";
import { parseNftables, problemsOf } from "../../../../netfilter/nftables/parse.ts";
import { renderRule } from "../../../../netfilter/nftables/render.ts";
import { captured, fixture } from "../fixtures.ts";

const ruleset = (...rules: unknown[]) =>
	JSON.stringify({
		nftables: [
			{ metainfo: { json_schema_version: 1 } },
			{ table: { family: "ip", name: "t", handle: 1 } },
			{ chain: { family: "ip", table: "t", name: "c", handle: 1 } },
			...rules.map((expr, handle) => ({ rule: { family: "ip", table: "t", chain: "c", handle, expr: [expr].flat() } })),
		],
	});

describe("parseNftables", () => {
	it.each([...captured(".nftables.json"), ...captured(".nftables-all-addresses.json")])(
		"understands everything in %s",
		(name) => {
			const parsed = parseNftables(fixture(name));
			expect(problemsOf(parsed)).toEqual([]);
			expect(parsed.tables.map(({ family, name }) => `${family} ${name}`)).toEqual(["ip kube-proxy", "ip6 kube-proxy"]);
		},
	);

	it("reads the properties of the kernel's chains", () => {
		const [table] = parseNftables(fixture("captured/1.36.3.nftables.json")).tables;
		expect(table?.chains.get("nat-prerouting")?.base).toEqual({
			type: "nat",
			hook: "prerouting",
			priority: -100,
			policy: "accept",
		});
		expect(table?.chains.get("services")).not.toHaveProperty("base");
	});

	it.each([
		["no JSON", '{"nftables": [', "the text isn't JSON"],
		["other JSON", "[]", 'has no list "nftables"'],
	])("fails for %s", (_, text, message) => {
		expect(() => parseNftables(text)).toThrow(message);
	});

	it.each([
		["a statement", { queue: { num: 5 } }, '{"queue":{"num":5}}'],
		[
			"an expression",
			{ match: { op: "==", left: { socket: { key: "mark" } }, right: 1 } },
			'{"socket":{"key":"mark"}}',
		],
	])("keeps and reports %s that isn't understood", (_, statement, json) => {
		expect(problemsOf(parseNftables(ruleset(statement)))).toEqual([`ip t c, handle 0: ${json}`]);
	});

	it("reports objects of other kinds, and chains at unsupported hooks", () => {
		const text = JSON.stringify({
			nftables: [
				{ table: { family: "netdev", name: "t" } },
				{
					chain: {
						family: "netdev",
						table: "t",
						name: "c",
						type: "filter",
						hook: "xmit",
						prio: 0,
						policy: "accept",
					},
				},
				{ tunnel: { family: "netdev", table: "t", name: "f" } },
				{ rule: { family: "netdev", table: "t", chain: "missing", handle: 1, expr: [] } },
			],
		});
		expect(problemsOf(parseNftables(text))).toEqual([
			'{"tunnel":{"family":"netdev","table":"t","name":"f"}}',
			'{"rule":{"family":"netdev","table":"t","chain":"missing","handle":1,"expr":[]}}',
			"netdev t c: its hook xmit isn't supported",
		]);
	});
});

/** The rules of `nft -a list ruleset`, by where they stand and their handle. */
function listedRules(text: string): Map<string, string> {
	const rules = new Map<string, string>();
	let table = "";
	let chain = "";
	for (const line of text.split("\n")) {
		table = line.match(/^table (\S+ \S+) /)?.[1] ?? table;
		chain = line.match(/^\tchain (\S+) /)?.[1] ?? chain;
		const [, rule, handle] = line.match(/^\t\t(.*) # handle (\d+)$/) ?? [];
		// nft 1.0.6 leaves out what kind of map a translation takes its target from.
		if (rule)
			rules.set(`${table} ${chain} ${handle}`, rule.replace(/dnat (ip6?) to numgen/, "dnat $1 addr . port to numgen"));
	}
	return rules;
}

describe("renderRule", () => {
	it.each(captured(".nftables.json"))("writes the rules of %s as nft lists them", (name) => {
		const listed = listedRules(fixture(name.replace(".json", ".txt")));
		const rendered = parseNftables(fixture(name)).tables.flatMap((table) =>
			[...table.chains.values()].flatMap((chain) =>
				chain.rules.map(
					(rule) => [`${table.family} ${table.name} ${chain.name} ${rule.handle}`, renderRule(rule)] as const,
				),
			),
		);
		expect(new Map(rendered)).toEqual(listed);
	});

	it.each([
		[[{ xt: { type: "target", name: "DNAT" } }], 'xt target "DNAT"'],
		[[{ reject: { type: "tcp reset" } }], "reject with tcp reset"],
		[[{ counter: { packets: 1, bytes: 60 } }, { accept: null }], "counter packets 1 bytes 60 accept"],
		[
			[{ match: { op: "!=", left: { meta: { key: "iifname" } }, right: "lo" } }, { notrack: null }],
			"iifname != lo notrack",
		],
		[[{ snat: { addr: "172.18.0.4" } }], "snat to 172.18.0.4"],
		[[{ limit: { rate: 5, per: "minute" } }], '{"limit":{"rate":5,"per":"minute"}}'],
	])("writes other statements too: %j", (expr, expected) => {
		const [rule] = parseNftables(ruleset(expr)).tables[0]?.chains.get("c")?.rules ?? [];
		expect(rule && renderRule(rule)).toBe(expected);
	});
});

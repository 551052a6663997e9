/**
 * The walks against the kernel's own trace of the same packets, recorded by trace.sh.
 *
 * `nft -a monitor trace` prints, for both modes (rules of iptables-nft are rules of nftables, too):
 *   trace id cb763156 ip nat PREROUTING packet: iif "veth0" … ip saddr 10.244.3.50 ip daddr 172.18.0.4 … tcp sport 40001 …
 *   trace id cb763156 ip nat KUBE-MARK-MASQ rule counter … meta mark set mark or 0x4000 # handle 105 (verdict continue)
 *   trace id cb763156 ip mangle FORWARD policy accept meta mark 0x00004000
 * - A "packet:" line comes once for each chain of the kernel, with the addresses as that chain meets them: after DNAT the
 *   new ones. `iif` and `oif` are there where the hook has them. What follows a masquerade shows only in the next hook.
 * - A "rule" line comes for every rule whose conditions hold, those of LOG, TRACE and rules without a target among them;
 *   the handle is that of `nft -a` and `nft -j list ruleset`. The n-th rule of a chain there is the n-th of iptables-save.
 * - Nothing is printed where a chain that rules call comes to its end; a chain of the kernel ends with "policy".
 * - The id is that of the kernel's packet while it passes: one that comes back by lo has another, so this test follows the
 *   source port, which no other of its packets has.
 * - Chains of type nat appear for a connection's first packet only (a SYN sent again is none, although its state is still
 *   NEW: so take a new source port for each trace), and only where some rule of the network namespace asks for conntrack.
 * `xtables-monitor --trace` prints rules as iptables does, but reads the whole ruleset for each line: with some hundred
 * rules it keeps up with one packet in several hundred milliseconds, and then loses lines. Both programs hold back what
 * they print into a pipe: run them under `stdbuf -oL`.
 */
import { describe, expect, it } from "vitest";
import { parseIptablesSave } from "../../../netfilter/iptables/parse.ts";
import type { Rule as IptablesRule } from "../../../netfilter/iptables/rule.ts";
import { walkIptables } from "../../../netfilter/iptables/walk.ts";
import type { Packet, Path } from "../../../netfilter/model.ts";
import { parseNftables, type Rule } from "../../../netfilter/nftables/parse.ts";
import { renderRule } from "../../../netfilter/nftables/render.ts";
import { walkNftables } from "../../../netfilter/nftables/walk.ts";
import { fixture, worker3 } from "./fixtures.ts";

/** A rule or a policy of a chain that the kernel traced. */
interface Event {
	family: string;
	table: string;
	chain: string;
	/** undefined: the chain's policy. */
	handle: number | undefined;
	verdict: string;
}

interface Traced {
	packet: Packet;
	events: Event[];
	/** The destination as the last chain met it. */
	last: { address: string; port: number };
}

function readTrace(text: string): Traced[] {
	const traced = new Map<number, Traced>();
	const byId = new Map<string, Traced>();
	for (const line of text.split("\n")) {
		const [, id = "", family = "", table = "", chain = "", kind = "", rest = ""] =
			line.match(/^trace id (\w+) (\S+) (\S+) (\S+) (packet:|rule|policy) ?(.*)$/) ?? [];
		if (kind === "packet:") {
			const packet = packetOf(rest);
			const first = { packet, events: [], last: { address: "", port: 0 } };
			const known = byId.get(id) ?? traced.get(packet.sourcePort ?? 0) ?? first;
			known.last = { address: packet.destination, port: packet.destinationPort };
			byId.set(id, known);
			traced.set(known.packet.sourcePort ?? 0, known);
		} else if (kind === "rule") {
			const [, handle, verdict = ""] = rest.match(/# handle (\d+) \(verdict (.*)\)$/) ?? [];
			byId.get(id)?.events.push({ family, table, chain, handle: Number(handle), verdict });
		} else if (kind === "policy") {
			byId.get(id)?.events.push({ family, table, chain, handle: undefined, verdict: rest.split(" ")[0] ?? "" });
		}
	}
	return [...traced.values()];
}

function packetOf(text: string): Packet {
	const value = (pattern: RegExp) => text.match(pattern)?.[1] ?? "";
	const inInterface = value(/iif "(\S+)"/);
	return {
		family: "ipv4",
		protocol: value(/ (tcp|udp) sport/) as Packet["protocol"],
		source: value(/ip saddr (\S+)/),
		sourcePort: Number(value(/ sport (\d+)/)),
		destination: value(/ip daddr (\S+)/),
		destinationPort: Number(value(/ dport (\d+)/)),
		...(inInterface !== "" && { inInterface }),
		mark: 0,
		ctstate: "NEW",
	};
}

/** Rules as walk and trace both can name them, each once where it gave several hops. */
const withoutRepeats = (rules: string[]): string[] => rules.filter((rule, i) => rule !== rules[i - 1]);

const hopsOf = ({ hops }: Path) =>
	withoutRepeats(hops.map(({ table, chain, rule }) => `${table} ${chain}: ${rule}`)).join("\n");

/** The packet's trace is one of the walk's paths, and that path says where the kernel sent it. */
function expectOneOf(paths: Path[], { last }: Traced, kernel: string[]): void {
	expect(paths.map(hopsOf)).toContain(withoutRepeats(kernel).join("\n"));
	const same = paths.filter((path) => hopsOf(path) === withoutRepeats(kernel).join("\n"));
	const ends = same.map(({ endpoint }) => endpoint).filter((endpoint) => endpoint !== undefined);
	if (ends.length > 0) expect(ends).toContainEqual(last);
	expect(same.map(({ outcome }) => outcome)).not.toContain("unknown");
}

/** "tcp 10.244.3.50 -> 172.18.0.4 port 30040", for a test's name. */
const named = (traced: Traced): [string, Traced] => {
	const { protocol, source, destination, destinationPort } = traced.packet;
	return [`${protocol} ${source} -> ${destination} port ${destinationPort}`, traced];
};

/** xt_recent remembered this packet's source: what came before it in the same trace. */
function affinityBefore(all: Traced[], { packet, events }: Traced, rules: (event: Event) => string): string[] {
	const before = all.slice(
		0,
		all.findIndex((traced) => traced.events === events),
	);
	return before
		.filter((traced) => traced.packet.source === packet.source)
		.flatMap((traced) => traced.events.map(rules))
		.flatMap((rule) => rule.match(/-m recent --set --name (\S+)/)?.[1] ?? rule.match(/^.*update @(\S+)/)?.[1] ?? []);
}

describe("the kernel's trace through iptables-nft", () => {
	const saved = parseIptablesSave(fixture("traces/1.36.3.iptables-nft.save.txt"));
	const ruleset = parseNftables(fixture("traces/1.36.3.iptables-nft.ruleset.json"));
	const all = readTrace(fixture("traces/1.36.3.iptables-nft.trace.txt"));

	/** iptables' rule of a handle: both tools list a chain's rules in the same order. */
	function ruleOf({ family, table, chain, handle }: Event): IptablesRule | undefined {
		const chains = ruleset.tables.find((one) => one.family === family && one.name === table)?.chains;
		const index = chains?.get(chain)?.rules.findIndex((rule) => rule.handle === handle) ?? -1;
		return saved.tables.get(table)?.chains.get(chain)?.rules[index];
	}

	it("has a packet of every kind", () => {
		expect(all).toHaveLength(31);
	});

	it.each(all.map(named))("is one of the predicted paths: %s", (_, traced) => {
		const kernel = traced.events.flatMap((event) => {
			const { table, chain, handle, verdict } = event;
			if (handle === undefined) return verdict === "drop" ? `${table} ${chain}: policy DROP of chain ${chain}` : [];
			const rule = ruleOf(event) ?? expect.fail(`${table} ${chain} has a rule of handle ${handle}`);
			const acts = rule.body.target.kind !== "observe" && rule.body.target.kind !== "none";
			return acts ? `${table} ${chain}: ${rule.text}` : [];
		});
		const affinity = affinityBefore(all, traced, (event) => ruleOf(event)?.text ?? "");
		expectOneOf(walkIptables(saved, traced.packet, worker3, { affinity }), traced, kernel);
	});
});

describe("the kernel's trace through nftables", () => {
	const ruleset = parseNftables(fixture("traces/1.36.3.nftables.ruleset.json"));
	const all = readTrace(fixture("traces/1.36.3.nftables.trace.txt"));

	const ruleOf = ({ family, table, chain, handle }: Event): Rule | undefined =>
		ruleset.tables
			.find((one) => one.family === family && one.name === table)
			?.chains.get(chain)
			?.rules.find((rule) => rule.handle === handle);

	it("has a packet of every kind", () => {
		expect(all).toHaveLength(31);
	});

	it.each(all.map(named))("is one of the predicted paths: %s", (_, traced) => {
		const kernel = traced.events.flatMap((event) => {
			const { table, chain, handle, verdict } = event;
			if (table === "tracing") return [];
			if (handle === undefined) return verdict === "drop" ? `${table} ${chain}: policy drop` : [];
			const rule = ruleOf(event) ?? expect.fail(`${table} ${chain} has a rule of handle ${handle}`);
			return `${table} ${chain}: ${renderRule(rule)}`;
		});
		const affinity = affinityBefore(all, traced, (event) => {
			const rule = ruleOf(event);
			return rule ? renderRule(rule) : "";
		});
		expectOneOf(walkNftables(ruleset, traced.packet, worker3, { affinity }), traced, kernel);
	});
});

import { describe, expect, it } from "vitest";
import { packetsOf, parseNftTrace, parseXtablesTrace } from "../../../../verification/trace/parse.ts";
import { captures, fixture } from "./traceLab.ts";

const parsed = (file: string) => (file.endsWith(".nft.txt") ? parseNftTrace : parseXtablesTrace)(fixture(file));

describe("every captured trace", () => {
	it.each(captures)("%s is understood line by line, as one packet", (file, _, packet) => {
		const trace = parsed(file);
		const [passages = [], ...others] = packetsOf(trace);
		expect(trace.strangeLines).toEqual([]);
		expect(others).toEqual([]);
		expect(passages).toHaveLength(trace.passages.length);
		const lines = fixture(file).trimEnd().split("\n");
		expect(passages.length + passages.flatMap(({ steps }) => steps).length).toBe(lines.length);
		const { source, sourcePort, destination, destinationPort, protocol } = packet;
		expect(passages[0]?.packet).toMatchObject({
			source,
			sourcePort,
			destination,
			destinationPort,
			protocol,
			flags: ["syn"],
		});
	});
});

describe("xtables-monitor", () => {
	const [packet, ...others] = packetsOf(parseXtablesTrace(fixture("own-node.xtables.txt")));

	it("shows the packet before and after DNAT, with its mark and its interfaces", () => {
		expect(others).toEqual([]);
		expect(packet?.map(({ packet }) => packet).at(-1)).toEqual({
			source: "10.244.3.2",
			destination: expect.stringMatching(/^10\.244\.[13]\.\d+$/),
			protocol: "tcp",
			sourcePort: 20010,
			destinationPort: 8080,
			flags: ["syn"],
			mark: 0x4000,
			identification: expect.any(Number),
			inInterface: "veth4250bc3d",
			outInterface: expect.any(String),
		});
	});

	it.each([
		["raw:PREROUTING:policy:ACCEPT ", { table: "raw", chain: "PREROUTING", kind: "policy", verdict: "accept" }],
		[
			"nat:OUTPUT:rule:0x14:JUMP:KUBE-SERVICES  -4 -t nat -A OUTPUT -j KUBE-SERVICES",
			{
				table: "nat",
				chain: "OUTPUT",
				kind: "rule",
				verdict: "jump",
				to: "KUBE-SERVICES",
				handle: 20,
				rule: "-A OUTPUT -j KUBE-SERVICES",
			},
		],
		[
			"nat:A:rule:0x1aa:0xfffffffb  -4 -t nat -A A -j RETURN",
			{ table: "nat", chain: "A", kind: "rule", verdict: "return", handle: 426, rule: "-A A -j RETURN" },
		],
		["nat:A:return:CONTINUE ", { table: "nat", chain: "A", kind: "return", verdict: "continue" }],
	])("reads %j", (text, step) => {
		const trace = parseXtablesTrace(`PACKET: 2 1f SRC=10.0.0.1 DST=10.0.0.2 \n TRACE: 2 1f ${text}\n`);
		expect(trace.passages[0]?.steps).toEqual([step]);
	});

	it("reads IPv6 packets, which are identified by a flow label", () => {
		const line = "PACKET: 10 ab IN=eth0 SRC=fd00::1 DST=fd00::2 LEN=60 TC=0 HOPLIMIT=63 FLOWLBL=7 SPORT=1 DPORT=2 SYN ";
		expect(parseXtablesTrace(line).passages[0]).toMatchObject({
			family: "ipv6",
			packet: { source: "fd00::1", identification: 7, mark: 0 },
		});
	});
});

describe("nft monitor trace", () => {
	const [packet] = packetsOf(parseNftTrace(fixture("own-node.nft.txt")));
	const steps = packet?.flatMap(({ steps }) => steps) ?? [];

	it("reads rules with their handles, and the mark at the end of a base chain", () => {
		expect(steps).toContainEqual({
			table: "kube-proxy",
			chain: "services",
			kind: "rule",
			verdict: "goto",
			to: "external-ZB275BVE-default/nodeport-service/tcp/echo",
			rule: "ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports",
			handle: 53,
		});
		expect(steps).toContainEqual({
			table: "kube-proxy",
			chain: "filter-forward",
			kind: "policy",
			verdict: "accept",
			mark: 0x4000,
		});
	});

	it("knows only the handle of a rule that is newer than the monitor", () => {
		expect(steps[0]).toEqual({
			table: "nodeport-lab-trace-20020",
			chain: "prerouting",
			kind: "rule",
			verdict: "continue",
			handle: 3,
		});
	});
});

describe("packetsOf", () => {
	const header = (id: string, number: number) =>
		`PACKET: 2 ${id} SRC=10.0.0.1 DST=10.0.0.2 ID=${number} SPORT=1 DPORT=2 SYN `;
	const step = (id: string, chain: string) => ` TRACE: 2 ${id} raw:${chain}:policy:ACCEPT `;
	const chains = (...lines: string[]) =>
		packetsOf(parseXtablesTrace(lines.join("\n"))).map((passages) => passages.map(({ steps }) => steps[0]?.chain));

	it("separates packets whose lines are mixed", () => {
		const mixed = [header("a", 7), header("b", 8), step("b", "PREROUTING"), step("a", "PREROUTING")];
		expect(chains(...mixed, header("a", 7), step("a", "OUTPUT"))).toEqual([["PREROUTING", "OUTPUT"], ["PREROUTING"]]);
	});

	it("follows a packet through the loopback interface, where its trace id changes", () => {
		expect(chains(header("a", 7), step("a", "OUTPUT"), header("b", 7), step("b", "PREROUTING"))).toEqual([
			["OUTPUT", "PREROUTING"],
		]);
	});

	it("treats a second passage of a base chain as another packet, such as a repeated SYN", () => {
		const once = [header("a", 0), step("a", "OUTPUT")];
		expect(chains(...once, ...once)).toEqual([["OUTPUT"], ["OUTPUT"]]);
	});
});

it.each(["garbage", " TRACE: 2 1f raw:A:policy:ACCEPT ", "trace id 1f ip t c rule what (verdict perhaps)"])(
	"keeps the line %j, which belongs to no packet, as strange",
	(line) => {
		expect(parseXtablesTrace(line).strangeLines).toEqual([line]);
		expect(parseNftTrace(line).strangeLines).toEqual([line]);
	},
);

/** What rules of iptables do by chance and by NAT. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromNode, fromOutside, fromPod, summary, worker3 } from "../fixtures.ts";
import { ends, toPod, walk } from "./smallTables.ts";

describe("random choices", () => {
	it("give every branch its probability", () => {
		const lots = (n: number) =>
			`FORWARD -m statistic --mode random --probability ${(1 / n).toFixed(10)} -j MARK --set-xmark 0x${n}/0xf`;
		const paths = walk({ mangle: [lots(2), lots(4)] }, toPod);
		expect(paths.map(({ probability, hops }) => [probability, hops.map(({ to }) => to)])).toEqual([
			[0.125, ["0x2", "0x4"]],
			[0.375, ["0x2"]],
			[0.125, ["0x4"]],
			[0.375, []],
		]);
	});

	it("that make no difference are one branch", () => {
		const paths = walk({ filter: ["FORWARD -m statistic --mode random --probability 0.5 -j LOG"] }, toPod);
		expect(paths.map(({ probability }) => probability)).toEqual([1]);
	});

	it("among any number of endpoints add up to 1, with equal probabilities", () => {
		fc.assert(
			fc.property(fc.integer({ min: 1, max: 60 }), (count) => {
				const rules = Array.from({ length: count }, (_, i) => {
					const lots =
						i === count - 1 ? "" : ` -m statistic --mode random --probability ${(1 / (count - i)).toFixed(10)}`;
					return `PREROUTING -p tcp${lots} -j DNAT --to-destination 10.244.9.${i + 1}:80`;
				});
				const paths = walk({ nat: rules }, fromOutside());
				expect(paths).toHaveLength(count);
				expect(paths.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 12);
				for (const { probability } of paths) expect(probability).toBeCloseTo(1 / count, 7);
			}),
			{ numRuns: 20 },
		);
	});
});

describe("NAT", () => {
	it("of a destination decides the route, and changes the connection's state", () => {
		const tables = {
			nat: ["PREROUTING -p tcp -j DNAT --to-destination 10.244.3.2:80"],
			filter: [
				"FORWARD -d 10.244.3.2/32 -p tcp -m tcp --dport 80 -m conntrack --ctstate DNAT -j ACCEPT",
				"FORWARD -j DROP",
			],
		};
		expect(walk(tables, fromOutside())).toMatchObject([
			{ outcome: "endpoint", endpoint: { address: "10.244.3.2", port: 80 } },
		]);
	});

	it("to the same destination doesn't change the connection's state", () => {
		const tables = {
			nat: ["PREROUTING -p tcp -j DNAT --to-destination 10.244.3.2:8080"],
			filter: ["FORWARD -m conntrack --ctstate DNAT -j DROP"],
		};
		expect(ends(walk(tables, toPod))).toEqual(["endpoint"]);
	});

	it("to an address of the node delivers the packet locally", () => {
		const tables = { nat: ["PREROUTING -p tcp -j DNAT --to-destination 172.18.0.4:9999"], filter: ["INPUT -j DROP"] };
		expect(ends(walk(tables, toPod))).toEqual(["drop"]);
	});

	it("is decided by the first rule: later ones of its kind aren't evaluated", () => {
		const dnat = (port: number) => `OUTPUT -p tcp -j DNAT --to-destination 172.18.0.4:${port}`;
		const prerouting = "PREROUTING -p tcp -j DNAT --to-destination 172.18.0.4:3";
		const [path] = walk({ nat: [dnat(1), dnat(2), prerouting] }, fromNode());
		expect(path?.endpoint).toEqual({ address: "172.18.0.4", port: 1 });
		expect(path?.hops).toHaveLength(1);
	});

	it.each([
		["INVALID", "untouched"],
		["UNTRACKED", "untouched"],
		["ESTABLISHED", "untouched"],
		["RELATED", "endpoint"],
		["NEW", "endpoint"],
	] as const)("for a packet in state %s: %s", (ctstate, outcome) => {
		const rules = ["PREROUTING -p tcp -j DNAT --to-destination 10.244.3.2:80"];
		expect(ends(walk({ nat: rules }, fromOutside({ ctstate })))).toEqual([outcome]);
	});

	it.each([
		["NEW", false],
		["DNAT", true],
		["SNAT", false],
	] as const)("that happened before shows in state %s", (ctstate, expected) => {
		const rules = ["FORWARD -m conntrack --ctstate DNAT -j DROP"];
		expect(ends(walk({ filter: rules }, { ...toPod, ctstate }))[0] === "drop").toBe(expected);
	});

	it("doesn't apply to packets that table raw excludes from conntrack", () => {
		const tables = {
			raw: ["PREROUTING -p tcp -j CT --notrack"],
			nat: ["PREROUTING -p tcp -j DNAT --to-destination 10.244.3.2:80"],
			filter: ["INPUT -m conntrack --ctstate UNTRACKED -j DROP"],
		};
		const [path] = walk(tables, fromOutside());
		expect(path && summary(path)).toEqual(["drop", "raw PREROUTING: notrack", "filter INPUT: drop"]);
	});

	it("is unknown to table raw, which comes before conntrack", () => {
		const rule = "PREROUTING -m conntrack --ctstate INVALID -j DROP";
		expect(ends(walk({ raw: [rule] }, fromOutside()))).toEqual(["drop"]);
		expect(ends(walk({ mangle: [rule] }, fromOutside()))).toEqual(["untouched"]);
	});

	it("of the source shows another client to the receiver", () => {
		const rules = ["POSTROUTING -s 10.244.0.0/16 -j SNAT --to-source 203.0.113.1"];
		const [path] = walk({ nat: rules }, fromPod({ destination: "198.51.100.1" }));
		expect(path).toMatchObject({
			clientIp: "203.0.113.1",
			masqueraded: false,
			hops: [{ effect: "snat", to: "203.0.113.1" }],
		});
	});

	it.each([
		["another address", "-j SNAT --to-source 203.0.113.1", true],
		["the address that it has", "-j SNAT --to-source 172.18.0.4", false],
		["another port", "-j SNAT --to-source 172.18.0.4:1", true],
		["a random port", "-j MASQUERADE --random-fully", true],
	])("of the source shows in the connection's state where it is %s", (_, target, expected) => {
		const tables = { nat: [`POSTROUTING -p tcp ${target}`], filter: ["INPUT -m conntrack --ctstate SNAT -j DROP"] };
		const packet = fromNode({ destination: "172.18.0.4" });
		expect(ends(walk(tables, packet))).toEqual([expected ? "drop" : "untouched"]);
	});

	it("of the source by masquerading may be none, and then its state is unknown", () => {
		const tables = { nat: ["POSTROUTING -j MASQUERADE"], filter: ["INPUT -m conntrack --ctstate SNAT -j DROP"] };
		expect(ends(walk(tables, fromNode({ destination: "172.18.0.4" })))).toEqual(["unknown"]);
	});

	it("by masquerading uses an address that only the routes determine", () => {
		const rules = ["POSTROUTING -j MASQUERADE"];
		const { routes: _, ...unrouted } = worker3;
		const [path] = walk({ nat: rules }, fromPod({ destination: "198.51.100.1" }), unrouted);
		expect(path).toMatchObject({ masqueraded: true });
		expect(path).not.toHaveProperty("clientIp");
	});

	it("by masquerading makes unknown what depends on that address", () => {
		const tables = (network: string) => ({
			nat: ["POSTROUTING -j MASQUERADE"],
			filter: [`INPUT -s ${network} -j DROP`],
		});
		const packet = fromNode({ destination: "172.18.0.4", destinationPort: 9 });
		expect(ends(walk(tables("172.18.0.0/16"), packet))).toEqual(["unknown"]);
		expect(ends(walk(tables("198.51.100.0/24"), packet))).toEqual(["untouched"]);
	});
});

describe("NAT to one of several", () => {
	const dnat = "PREROUTING -p tcp -j DNAT --to-destination 10.244.3.2-10.244.3.4";
	const forward = (...filter: string[]) => walk({ nat: [dnat], filter }, fromOutside());

	it("destinations isn't known to lead to a certain one", () => {
		expect(forward()).toMatchObject([{ outcome: "unknown" }]);
		expect(forward("FORWARD -d 10.244.3.3/32 -j DROP")).toMatchObject([{ outcome: "unknown" }]);
	});

	it("destinations has the result that all of them have", () => {
		expect(forward("FORWARD -d 10.244.3.0/24 -j DROP")).toMatchObject([
			{ outcome: "drop", unevaluated: [expect.stringContaining("one of the rule's destinations")] },
		]);
	});

	it("ports has the result that all of them have", () => {
		const tables = { nat: ["PREROUTING -p tcp -j REDIRECT --to-ports 8000-8002"] };
		expect(ends(walk(tables, fromOutside()))).toEqual(["unknown"]);
		expect(ends(walk({ ...tables, filter: ["INPUT -p tcp -m tcp --dport 8000:8010 -j DROP"] }, fromOutside()))).toEqual(
			["drop"],
		);
	});

	it("sources shows none of them as the client, and decides what all agree about", () => {
		const nat = ["POSTROUTING -j SNAT --to-source 203.0.113.1-203.0.113.2 --persistent"];
		const seen = (range: string) =>
			walk({ nat, filter: [`INPUT -s ${range} -j DROP`] }, fromNode({ destination: "172.18.0.4" }))[0];
		expect(seen("203.0.113.0/24")).toMatchObject({ outcome: "drop" });
		expect(seen("203.0.113.2/32")).toMatchObject({ outcome: "unknown" });
		expect(seen("198.51.100.0/24")).not.toHaveProperty("clientIp");
	});
});

describe("a packet", () => {
	it("must have addresses of its family", () => {
		expect(() => walk({ nat: [] }, fromPod({ destination: "fd00::1" }))).toThrow('must be ipv4, got "fd00::1"');
		expect(() => walk({ nat: [] }, fromPod({ source: "pod" }))).toThrow('must be ipv4, got "pod"');
	});
});

import { expect, it } from "vitest";
import { compareRounds, type Round } from "../../../../../verification/experiments/manyServices/costs.ts";
import { same } from "../../../../../verification/experiments/support/measurements.ts";

const answering = { kind: "answering" as const, answering: 1, of: 1 };
const request = same({ kind: "listed" }, answering, answering);

function round(proxyMode: "iptables" | "nftables", services: number, connection: number): Round {
	const programmed = { services, passed: proxyMode === "iptables" ? services : 0 };
	return { proxyMode, services, programmed, costs: { start: 4, change: connection, connection, memory: 8 }, request };
}

const rounds = (services: number, [iptables, nftables]: [number, number]) => [
	round("iptables", 1, 2),
	round("nftables", 1, 2),
	round("nftables", services, nftables),
	round("iptables", services, iptables),
];

const connectionOf = (all: ReturnType<typeof compareRounds>) =>
	all.find(({ subject }) => subject.kind === "modeCost" && subject.cost === "connection");

it("compares the modes with each number of Services, and each with its own cost of the fewest", () => {
	const all = compareRounds(rounds(5000, [6, 3]));
	expect(connectionOf(all)).toEqual({
		subject: { kind: "modeCost", cost: "connection", services: 5000 },
		expected: { kind: "cheaper", proxyMode: "nftables" },
		measured: { kind: "costs", iptables: 6, nftables: 3, growth: { services: 1, iptables: 3, nftables: 1.5 } },
		ok: true,
	});
	const kinds = all.map(({ subject }) => subject.kind);
	expect(kinds.filter((kind) => kind === "modeCost")).toHaveLength(8);
	expect(kinds.filter((kind) => kind === "programmedRules")).toHaveLength(4);
	expect(all.every(({ ok }) => ok)).toBe(true);
});

it("isn't as expected if many Services cost a connection more in nftables mode", () => {
	expect(connectionOf(compareRounds(rounds(5000, [3, 6])))).toMatchObject({ ok: false });
});

it("predicts nothing for few Services, whose rules take less time than everything else", () => {
	const connection = connectionOf(compareRounds(rounds(200, [3, 6])));
	expect(connection).toMatchObject({ expected: { kind: "cheaper" }, ok: true });
	expect(connection?.expected).not.toHaveProperty("proxyMode");
});

it("isn't as expected if a Service has no rules, or if a packet meets other rules than predicted", () => {
	const [first, ...others] = rounds(200, [3, 3]);
	if (!first) expect.fail();
	for (const programmed of [
		{ services: 0, passed: 0 },
		{ services: 1, passed: 0 },
	]) {
		const wrong = compareRounds([{ ...first, programmed }, ...others]).filter(({ ok }) => !ok);
		expect(wrong).toMatchObject([{ subject: { kind: "programmedRules", proxyMode: "iptables", services: 1 } }]);
	}
});

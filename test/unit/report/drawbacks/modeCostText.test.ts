import { expect, it } from "vitest";
import { drawbackText, subjectText, valueText } from "../../../../report/drawbacks/drawbacksText.ts";
import { adviceText } from "../../../../report/drawbacks/modeCostText.ts";
import type { Cost, MeasuredSubject, MeasuredValue, Measurement } from "../../../../verification/experiments/model.ts";

const cost = (cost: Cost, services: number, iptables: number, nftables: number): Measurement => ({
	subject: { kind: "modeCost", cost, services },
	expected: { kind: "cheaper" },
	measured: {
		kind: "costs",
		iptables,
		nftables,
		...(services > 1 && { growth: { services: 1, iptables: iptables / 2, nftables: nftables / 2 } }),
	},
	ok: true,
});

const faster = [cost("connection", 5000, 8, 2), cost("change", 5000, 4, 1), cost("connection", 1, 2, 2)];

it("shows all ratios in a table, and the advice, in place of the first measurement", () => {
	const drawback = {
		name: "many-services",
		title: "Every Service costs every node",
		question: "How much?",
		checkedAt: "2026-01-01T00:00:00.000Z",
		measurements: faster,
	};
	const lines = drawbackText(drawback, { verbose: false, paths: false, width: 140 }).split("\n");
	expect(lines.slice(0, 5).map((line) => line.trim().split(/ {2,}/))).toEqual([
		["Every Service costs every node (3 of 3 as expected): How much?"],
		["COST", "SERVICES", "NFTABLES / IPTABLES", "IPTABLES / ITS 1", "NFTABLES / ITS 1"],
		["new connection", "5,000", "0.25", "4.00", "1.00"],
		["update of a change", "5,000", "0.25", "2.00", "0.50"],
		["new connection", "1", "1.00", "1.00", "1.00"],
	]);
	expect(lines[5]).toMatch(/^ {2}Advice: choose nftables mode: with 5,000 Services/);
});

it.each([
	["choose nftables mode: with 5,000 Services, a new connection takes × 0.25 the time", 8],
	["so few Services don't decide between the modes: with 5,000 Services, a new connection takes × 1.00", 2],
	["so few Services don't decide between the modes: with 5,000 Services, a new connection takes × 2.00", 1],
])("advises by the largest number of Services: %s", (advice, connection) => {
	const measured = [cost("connection", 5000, connection, 2), cost("change", 5000, 1, 3), ...faster.slice(2)];
	expect(adviceText(measured)).toContain(`Advice: ${advice}`);
});

it.each<[MeasuredSubject, string]>([
	[{ kind: "programmedRules", proxyMode: "iptables", services: 1 }, "the rules for 1 Service in iptables mode"],
	[{ kind: "modeCost", cost: "memory", services: 5000 }, "kube-proxy's memory with 5,000 Services"],
])("says what was measured: %j", (subject, text) => expect(subjectText(subject)).toBe(text));

it.each<[MeasuredValue, string]>([
	[
		{ kind: "programmed", services: 5000, passed: 5000 },
		"5,000 Services programmed; a packet for a nodePort is compared with 5,000 of their rules",
	],
	[{ kind: "cheaper", proxyMode: "nftables" }, "less in nftables mode"],
	[{ kind: "cheaper" }, "not predicted"],
	[{ kind: "costs", iptables: 4, nftables: 2 }, "nftables costs × 0.50 what iptables costs"],
	[
		{ kind: "costs", iptables: 4, nftables: 2, growth: { services: 1, iptables: 2, nftables: 1 } },
		"nftables costs × 0.50 what iptables costs; compared to 1 Service: × 2.00 in iptables mode, × 1.00 in nftables mode",
	],
])("says what was expected or measured: %j", (value, text) => expect(valueText(value)).toBe(text));

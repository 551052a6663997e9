import { expect, it } from "vitest";
import { likenessText } from "../../../../report/views/likeness.ts";
import { reportViews } from "../../../../report/views/reportViews.ts";
import type { Cell } from "../../../../verification/model.ts";
import { severalViews } from "./severalViews.ts";

const loopback = ({ target }: Cell) => target.kind === "nodePort" && target.node === undefined;

/** What is said after this change of each request. */
function textAfter(change: (cell: Cell) => void, options = {}): string {
	const report = severalViews();
	report.connectivity.forEach(change);
	return likenessText(reportViews(report), options);
}

it.each([
	["both", severalViews(), "TCP and UDP over IPv4 and IPv6 behave alike in all 53 requests"],
	[
		"families",
		severalViews([
			["ipv4", "udp"],
			["ipv6", "udp"],
		]),
		"IPv4 and IPv6 behave alike in all 53 requests",
	],
	[
		"protocols",
		severalViews([
			["ipv6", "tcp"],
			["ipv6", "udp"],
		]),
		"TCP and UDP behave alike in all 53 requests",
	],
])("names what behaves alike, for several %s", (_, report, text) => {
	expect(likenessText(reportViews(report))).toBe(text);
});

it("names the views that differ, how often, and an example", () => {
	const refuse = (cell: Cell) => {
		if (cell.target.family === "ipv6" && loopback(cell)) cell.observed = { outcome: "refused" };
	};
	const counts = "TCP over IPv6 differs in 4 of 53 requests, UDP over IPv6 in 4";
	expect(textAfter(refuse)).toBe(
		`compared with TCP over IPv4, ${counts}, such as nodeport-control-plane to [::1]:30040: refused, not ok`,
	);
	expect(textAfter(refuse, { isShort: true })).toBe(counts);
});

it.each<[string, Partial<Cell["observed"]>, string]>([
	["a request that fails", { outcome: "timeout" }, "dnsutils to nodeport-worker: timeout, not ok"],
	[
		"a client address that is kept",
		{ clientIp: "fd00:10:244:1::2" },
		"dnsutils to nodeport-worker: the pod sees the client's own address",
	],
])("finds %s in one view", (_, observed, example) => {
	const text = textAfter((cell) => {
		const { client, target } = cell;
		if (client !== "dnsutils" || target.node !== "nodeport-worker") return;
		if (target.family === "ipv6" && target.protocol === "udp") Object.assign(cell.observed, observed);
	});
	expect(text).toBe(`compared with TCP over IPv4, UDP over IPv6 differs in 1 of 53 requests, such as ${example}`);
});

it("finds a result that isn't as predicted", () => {
	const text = textAfter((cell) => {
		if (cell.target.protocol === "udp" && cell.target.family === "ipv4" && cell.client === "outside") cell.ok = false;
	});
	expect(text).toMatch(/UDP over IPv4 differs in 5 of 53 requests, such as outside to \S+: not as predicted$/);
});

it("doesn't compare an address that depends on which pod answers", () => {
	const text = textAfter((cell) => {
		delete cell.expected.clientIp;
		if (cell.target.protocol === "udp" && cell.observed.outcome === "ok") cell.observed.clientIp = "10.0.0.1";
	});
	expect(text).toContain("behave alike");
});

it("compares the requests that both views have", () => {
	const report = severalViews();
	report.connectivity = report.connectivity.filter(
		({ client, target }) => client !== "outside" || target.family === "ipv4",
	);
	expect(likenessText(reportViews(report))).toBe("TCP and UDP over IPv4 and IPv6 behave alike in all 53 requests");
});

import { expect, it } from "vitest";
import { lesson, mainRequest, requestLesson } from "../../../../report/html/takeaway.ts";
import type { RecordedBranch } from "../../../../verification/journey/model.ts";
import type { Cell } from "../../../../verification/model.ts";
import type { Report } from "../../../../verification/report.ts";
import { failedReport, fullReport } from "../full.ts";

const full = fullReport();

function cellOf({ connectivity }: Report, client: string, to: string): Cell {
	const cell = connectivity.find(
		({ client: name, target }) => name === client && [target.node, target.kind].includes(to),
	);
	if (!cell) throw new Error(`the fixture has no request from ${client} to ${to}`);
	return cell;
}

const first = (report: Report, client: string, to: string): string =>
	requestLesson(report, cellOf(report, client, to))[0] ?? "";

it("names the address that the pod saw, the client's own, and who rewrote it", () => {
	expect(lesson(full)).toEqual([
		"The pod saw 172.18.0.4, an address of nodeport-control-plane, not dnsutils (10.244.1.2): its own node rewrote the source, then the entry node did.",
		"So the reply comes back through the entry node: only conntrack there can undo the rewrite of the destination.",
	]);
});

it.each([
	[
		"an endpoint on the entry node",
		"outside",
		"nodeport-worker",
		"The pod saw 10.244.2.1, an address of nodeport-worker, not the client outside (172.18.0.6): the entry node rewrote the source.",
	],
	[
		"the client's own node as entry node",
		"dnsutils",
		"nodeport-worker3",
		"The pod saw 172.18.0.2, an address of nodeport-worker3, not dnsutils (10.244.1.2): the entry node rewrote the source.",
	],
	[
		"a request inside the cluster",
		"dnsutils",
		"clusterIp",
		"The pod saw 10.244.1.2, the address of dnsutils itself: no rule changed the source address.",
	],
	[
		"a process of the node",
		"nodeport-worker",
		"podIp",
		"The pod saw 10.244.2.1, another address of nodeport-worker (172.18.0.3): no rule changed the source address.",
	],
	[
		"a rewrite to the same address",
		"nodeport-worker2",
		"nodeport-worker2",
		"The pod saw 172.18.0.5, the address of nodeport-worker2 itself: no rule changed the source address.",
	],
])("is correct for %s", (_, client, to, sentence) => {
	expect(first(full, client, to)).toBe(sentence);
});

it("gives the reason for a pod that calls itself", () => {
	const client = full.pods[0]?.name ?? "";
	expect(requestLesson(full, cellOf(full, client, "clusterIp"))).toEqual([
		`The pod saw 10.244.2.1, an address of nodeport-worker, not ${client} (10.244.2.2): its own node rewrote the source.`,
		expect.stringContaining("The pod called itself (hairpin)"),
	]);
});

it("says no reason if the path isn't known", () => {
	const report = { ...full, journeys: { hops: [], requests: [], omittedRequests: 0 } };
	expect(lesson(report)).toEqual([
		"The pod saw 172.18.0.4, an address of nodeport-control-plane, not dnsutils (10.244.1.2).",
	]);
	expect(first(report, "dnsutils", "nodeport-worker")).toBe(
		"The pod saw 10.244.2.1, an address of nodeport-worker, not dnsutils (10.244.1.2).",
	);
});

it("doesn't name a client's address that isn't known", () => {
	const clients = full.clients.map(({ name, place: { ip, ...place } }) => ({ name, place }));
	expect(lesson({ ...full, clients })[0]).toBe("The pod saw the client IP 172.18.0.4.");
});

/** As with policy Local: only the pod's node answers, and it doesn't masquerade. */
function localReport(): Report {
	const report = fullReport();
	report.service.externalTrafficPolicy = "Local";
	for (const cell of report.connectivity) {
		const journey = report.journeys.requests.find(
			({ client, address }) => client === cell.client && address === cell.target.address,
		);
		const { node } = cell.target;
		if (!journey || node === undefined) continue;
		journey.branches = journey.branches.map((branch) => localBranch(report, branch, node));
		const { end } = journey.branches[0] as RecordedBranch;
		cell.observed = end.kind === "pod" ? { ...cell.observed, clientIp: end.clientIp } : { outcome: "timeout" };
	}
	return report;
}

function localBranch({ pods, journeys }: Report, branch: RecordedBranch, entry: string): RecordedBranch {
	const until = branch.legs.findIndex(({ node }) => node === entry);
	const legs = branch.legs.slice(0, until + 1);
	if (pods.every(({ node }) => node !== entry)) return { ...branch, legs, end: { kind: "drop", node: entry } };
	const last = legs.at(-1);
	if (!last || branch.end.kind !== "pod") return branch;
	const hops = last.hops.filter((index) => journeys.hops[index]?.effect !== "masquerade");
	return { ...branch, legs: [...legs.slice(0, -1), { ...last, hops }], end: { ...branch.end, clientIp: last.source } };
}

it("is correct for policy Local", () => {
	const report = localReport();
	expect(lesson(report)).toEqual([
		"The pod saw 172.18.0.2, an address of nodeport-worker3, not dnsutils (10.244.1.2): its own node rewrote the source.",
		"Outside the pod network, a pod appears with an address of its node.",
		"3 of 4 nodes drop the request: they have no endpoint, and externalTrafficPolicy is Local.",
	]);
	expect(first(report, "outside", "nodeport-worker")).toBe(
		"The pod saw 172.18.0.6, the address of the client outside itself: no rule changed the source address.",
	);
	expect(requestLesson(report, cellOf(report, "outside", "nodeport-worker2"))).toEqual([
		"No answer: nodeport-worker2 drops it, and the client's request times out.",
		"The node has no endpoint, and externalTrafficPolicy is Local.",
	]);
});

it("begins with a failed request, and says what differs", () => {
	const report = failedReport();
	expect(mainRequest(report)).toBe(report.connectivity.findIndex(({ ok }) => !ok));
	expect(lesson(report)[0]).toBe(
		"The request from dnsutils to 172.18.0.4:30040 didn't end as predicted: timeout, not ok 172.18.0.4.",
	);
});

it("says that nothing was measured", () => {
	expect(lesson({ ...full, connectivity: [] })).toEqual([
		"No request was sent, so this run doesn't show which client IP a pod sees.",
	]);
});

import { describe, expect, it } from "vitest";
import { bandsOf } from "../../../../../report/html/picture/lanes.ts";
import type { Picture, Row } from "../../../../../report/html/picture/model.ts";
import { pictureOf } from "../../../../../report/html/picture/picture.ts";
import { sequence } from "../../../../../report/html/picture/sequence.ts";
import { recordedJourney } from "../../../../../report/journeyText.ts";
import type { RecordedBranch } from "../../../../../verification/journey/model.ts";
import type { ReportedClient } from "../../../../../verification/report.ts";
import { fullReport, hostile } from "../../full.ts";

const report = fullReport();
const [pod] = report.pods;

function clientNamed(wanted: string): ReportedClient {
	const client = report.clients.find(({ name }) => name === wanted);
	if (!client) throw new Error(`the fixture has no client ${wanted}`);
	return client;
}

function branchOf(client: string, address: string): RecordedBranch {
	const branch = recordedJourney(report, { client, target: { kind: "nodePort", address } })?.branches[0];
	if (!branch) throw new Error(`the fixture has no journey from ${client} to ${address}`);
	return branch;
}

const { hops } = report.journeys;
const draw = (client: string, address: string, branch = branchOf(client, address)): Picture =>
	pictureOf(report, branch, hops, clientNamed(client));

const nodePort = (node: string): string => `${report.nodes.find(({ name }) => name === node)?.internalIp}:30040`;

/** A row in one line. */
function line(row: Row): string {
	switch (row.kind) {
		case "arrow":
			return `${row.from} > ${row.to}: ${row.source} > ${row.destination}`;
		case "change":
			return `${row.lane} ${row.by}: ${row.changes.map(({ field, before, after }) => `${field} ${before} > ${after}`).join(", ")}`;
		case "end":
			return `${row.lane}: ${row.title}`;
	}
}

const lines = ({ rows }: Picture, isReply: boolean): string[] =>
	rows.filter((row) => row.isReply === isReply).map(line);

describe("a packet from dnsutils to the nodePort of a node that has no pod", () => {
	const picture = draw("dnsutils", nodePort("nodeport-worker2"));

	it("is drawn with both addresses on every arrow, and with every rewrite", () => {
		expect(lines(picture, false)).toEqual([
			"client > rules nodeport-worker3: 10.244.1.2 > 172.18.0.5:30040",
			"rules nodeport-worker3 masquerade: source 10.244.1.2 > 172.18.0.2",
			"rules nodeport-worker3 > rules nodeport-worker2: 172.18.0.2 > 172.18.0.5:30040",
			"rules nodeport-worker2 DNAT: destination 172.18.0.5:30040 > 10.244.2.2:8080",
			"rules nodeport-worker2 masquerade: source 172.18.0.2 > 172.18.0.5",
			"rules nodeport-worker2 > rules nodeport-worker: 172.18.0.5 > 10.244.2.2:8080",
			"rules nodeport-worker > pod: 172.18.0.5 > 10.244.2.2:8080",
			"pod: sees the client IP 172.18.0.5",
		]);
	});

	it("is followed by the reply, whose rewrites connection tracking reverses", () => {
		expect(lines(picture, true)).toEqual([
			"pod > rules nodeport-worker: 10.244.2.2:8080 > 172.18.0.5",
			"rules nodeport-worker > rules nodeport-worker2: 10.244.2.2:8080 > 172.18.0.5",
			"rules nodeport-worker2 conntrack: source 10.244.2.2:8080 > 172.18.0.5:30040, destination 172.18.0.5 > 172.18.0.2",
			"rules nodeport-worker2 > rules nodeport-worker3: 172.18.0.5:30040 > 172.18.0.2",
			"rules nodeport-worker3 conntrack: destination 172.18.0.2 > 10.244.1.2",
			"rules nodeport-worker3 > client: 172.18.0.5:30040 > 10.244.1.2",
		]);
	});

	it("has the nodes in the order of the path, with the client and the pod in their nodes", () => {
		expect(picture.bands.map(({ title, lanes }) => [title, ...lanes.map((lane) => lane.title)])).toEqual([
			["nodeport-worker3", "dnsutils", "kernel, iptables rules"],
			["nodeport-worker2", "kernel, iptables rules"],
			["nodeport-worker", "kernel, iptables rules", pod?.name],
		]);
	});

	it("names the rule of each rewrite", () => {
		const rules = picture.rows.flatMap((row) => (row.kind === "change" && row.rule !== undefined ? row.rule : []));
		expect(rules).toEqual([
			expect.stringContaining("-j MASQUERADE"),
			expect.stringContaining("--to-destination 10.244.2.2:8080"),
			expect.stringContaining("-A KUBE-POSTROUTING"),
		]);
	});
});

it("draws the reply of every answered request of the lab, in which each arrow continues where the one before ended", () => {
	for (const { client, address } of report.journeys.requests) {
		const branch = branchOf(client, address);
		const picture = draw(client, address);
		const arrows = picture.rows.flatMap((row) => (row.kind === "arrow" ? row : []));
		for (const [i, { from, isReply, source, destination }] of arrows.entries()) {
			const before = arrows[i - 1];
			expect([source, destination].every(Boolean)).toBe(true);
			expect(from, `${client} to ${address}`).toBe(before?.to ?? "client");
			if (before && !before.isReply && isReply)
				expect([destination, source]).toEqual([before.source, before.destination]);
		}
		if (branch.end.kind === "pod") expect(arrows.at(-1)?.to, `${client} to ${address}`).toBe("client");
		expect(picture.note).toBeUndefined();
	}
});

it("draws no reply that may pass the node whose rewrite it needs", () => {
	const branch = structuredClone(branchOf("outside", nodePort("nodeport-worker2")));
	const [entry] = branch.legs;
	const last = branch.legs[1];
	if (!entry || !last || branch.end.kind !== "pod") throw new Error("the fixture has another path");
	entry.hops = entry.hops.filter((index) => hops[index]?.effect !== "masquerade");
	last.source = "172.18.0.6";
	branch.end.clientIp = "172.18.0.6";
	const picture = draw("outside", nodePort("nodeport-worker2"), branch);
	expect(lines(picture, true)).toEqual([]);
	expect(picture.note).toContain("The reply isn't drawn");
});

it.each([
	["dnsutils", "127.0.0.1:30040", "client: stays with the client"],
	["outside", "127.0.0.1:30040", "client: stays with the client"],
	["nodeport-worker", "127.0.0.1:30040", "client > rules nodeport-worker: 127.0.0.1 > 127.0.0.1:30040"],
])("a packet from %s to %s starts at its client", (client, address, first) => {
	expect(lines(draw(client, address), false)[0]).toBe(first);
});

it("a pod that sends to itself has one lane", () => {
	const picture = draw(pod?.name ?? "", nodePort("nodeport-worker"));
	expect(picture.bands.map(({ lanes }) => lanes.map(({ id }) => id))).toEqual([["client", "rules nodeport-worker"]]);
	expect(lines(picture, false).at(-1)).toBe("client: sees the client IP 10.244.2.1");
});

it("a packet that comes back to the client's node passes the same lane twice", () => {
	const branch = structuredClone(branchOf("dnsutils", nodePort("nodeport-worker2")));
	const last = branch.legs.at(-1);
	if (!last || branch.end.kind !== "pod") throw new Error("the fixture has another path");
	last.node = "nodeport-worker3";
	branch.end.node = "nodeport-worker3";
	expect(bandsOf(report, branch, clientNamed("dnsutils")).map(({ lanes }) => lanes.map(({ id }) => id))).toEqual([
		["client", "pod", "rules nodeport-worker3"],
		["rules nodeport-worker2"],
	]);
});

it("shows where a packet ends that no pod gets", () => {
	const branch: RecordedBranch = {
		...branchOf("outside", nodePort("nodeport-worker2")),
		end: { kind: "drop", node: "nodeport-worker2" },
	};
	branch.legs = branch.legs.slice(0, 1);
	const picture = draw("outside", nodePort("nodeport-worker2"), branch);
	expect(lines(picture, false).at(-1)).toBe("rules nodeport-worker2: dropped: no answer");
	expect(lines(picture, true)).toEqual([]);
});

it("is HTML that contains foreign text only as text", () => {
	const picture = draw("dnsutils", nodePort("nodeport-worker2"));
	for (const row of picture.rows) row.text = hostile;
	for (const { lanes } of picture.bands) for (const lane of lanes) lane.title = hostile;
	const { text } = sequence(picture, hostile);
	expect(text).toContain("&lt;img src=x onerror=alert(1)&gt;");
	expect(text).not.toContain("<img");
});

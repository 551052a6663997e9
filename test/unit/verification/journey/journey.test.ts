import { describe, expect, it } from "vitest";
import type { ClusterSnapshot, Place } from "../../../../kubernetes/snapshot.ts";
import { journeyText } from "../../../../report/journeyText.ts";
import { destinationOf, parseDestination } from "../../../../verification/journey/destination.ts";
import { type Branch, journeyOf, outcomeOf } from "../../../../verification/journey/journey.ts";
import { recordJourney } from "../../../../verification/journey/recordJourneys.ts";
import { expect as predict, targetsOf } from "../../../../verification/judgement/predict.ts";
import type { Target } from "../../../../verification/model.ts";
import { dnsutils, rulesets, snapshots } from "../trace/traceLab.ts";

const rules = await rulesets();
const outside: Place = { network: "outside", ip: "172.18.0.20" };

/** All clients of the full matrix. */
function placesOf({ nodes, endpoints }: ClusterSnapshot): [string, Place][] {
	return [
		["dnsutils", dnsutils],
		...nodes.map(({ name, internalIp }): [string, Place] => [name, { network: "node", node: name, ip: internalIp }]),
		...endpoints.map(({ pod, node, ip }): [string, Place] => [pod, { network: "pod", node, ip }]),
		["outside", outside],
	];
}

const cells = Object.entries(snapshots)
	.filter(([, { endpoints }]) => endpoints.length > 0)
	.flatMap(([service, snapshot]) =>
		placesOf(snapshot).flatMap(([client, place]) =>
			targetsOf(snapshot, place, "full").map((target): [string, ClusterSnapshot, Place, Target] => [
				`${service}: ${client} -> ${target.kind} ${target.address}`,
				snapshot,
				place,
				target,
			]),
		),
	);

const branchesTo = (snapshot: ClusterSnapshot, place: Place, to: string): Branch[] =>
	journeyOf(snapshot, rules, place, destinationOf(snapshot, to));

const inWords = (snapshot: ClusterSnapshot, place: Place, to: string): string =>
	journeyText(recordJourney("client", to, branchesTo(snapshot, place, to)));

it.each(cells)("the journey ends as the API's objects predict: %s", (_, snapshot, place, target) => {
	const { outcome, podIps, clientIp } = predict(snapshot, [], "iptables", place, target);
	const branches = branchesTo(snapshot, place, target.address);
	const pods = branches.flatMap(({ end }) => (end.kind === "pod" ? [end] : []));
	expect(branches.map(({ probability }) => probability).reduce((sum, one) => sum + one)).toBeCloseTo(1, 9);
	expect(new Set(branches.map(({ end }) => outcomeOf(end)))).toEqual(new Set([outcome]));
	expect(new Set(pods.map(({ address }) => address))).toEqual(new Set(podIps));
	const seen = new Set(pods.map(({ clientIp }) => clientIp));
	// Where the prediction leaves the client's address open, it depends on which pod answers.
	if (clientIp === undefined && outcome === "ok") expect(seen.size).toBeGreaterThan(1);
	else expect([...seen]).toEqual(clientIp === undefined ? [] : [clientIp]);
});

it("covers a large matrix", () => {
	expect(cells.length).toBeGreaterThan(100);
});

describe("over the nodes", () => {
	const snapshot = snapshots["nodeport-service"];

	it("passes the client's node, the entry node and the pod's node", () => {
		const [branch, ...others] = branchesTo(snapshot, dnsutils, "nodeport-worker2");
		expect(others).toEqual([]);
		expect(branch?.legs.map(({ node, packet }) => `${node} ${packet.source} ${packet.received}`)).toEqual([
			"nodeport-worker3 10.244.3.2 true",
			"nodeport-worker2 172.18.0.6 true",
			"nodeport-worker 172.18.0.9 true",
		]);
		expect(branch?.end).toEqual({
			kind: "pod",
			node: "nodeport-worker",
			address: "10.244.1.10",
			port: 8080,
			clientIp: "172.18.0.9",
			pod: "app1-6666c77bf5-p5nfg",
		});
	});

	it("keeps the source port until a masquerade chooses one at random", () => {
		const destination = destinationOf(snapshot, "nodeport-worker2");
		const [branch] = journeyOf(snapshot, rules, dnsutils, destination, 12345);
		expect(branch?.legs.map(({ packet }) => packet.sourcePort)).toEqual([12345, 12345, undefined]);
	});

	it("is rejected by the entry node if the Service has no endpoints", () => {
		const branches = branchesTo(snapshots["trace-empty"], dnsutils, "nodeport-worker2");
		expect(branches.map(({ end }) => end)).toEqual([
			{ kind: "reject", node: "nodeport-worker2", with: "icmp-port-unreachable", owner: "kube-proxy" },
		]);
	});

	it.each([
		[
			"nodeport-worker2:9999",
			{ kind: "node", node: "nodeport-worker2", address: "172.18.0.9", port: 9999, clientIp: "172.18.0.6" },
		],
		["192.0.2.1:80", { kind: "unreachable", address: "192.0.2.1" }],
		["127.0.0.1:30040", { kind: "loopback" }],
	])("to %s it doesn't end in a pod of the Service", (to, end) => {
		expect(branchesTo(snapshot, dnsutils, to).map(({ end }) => end)).toEqual([end]);
	});

	it("ends as unknown on a node whose rules couldn't be read", () => {
		const known = new Map([...rules].filter(([node]) => node !== "nodeport-worker2"));
		const [branch] = journeyOf(snapshot, known, dnsutils, destinationOf(snapshot, "nodeport-worker2"));
		expect(branch?.legs.map(({ node }) => node)).toEqual(["nodeport-worker3"]);
		expect(branch?.end).toMatchObject({ kind: "unknown", node: "nodeport-worker2" });
	});

	it("doesn't guess the address of a client outside the cluster", () => {
		const [branch] = branchesTo(snapshot, { network: "outside" }, "nodeport-worker");
		expect(branch?.end).toMatchObject({ kind: "unknown", reason: "clientAddress" });
	});
});

describe("in words", () => {
	it("numbers the hops over all nodes, and ends with who answers and which client IP it sees", () => {
		const snapshot = snapshots["nodeport-service"];
		const lines = inWords(snapshot, dnsutils, "nodeport-worker").split("\n");
		const numbers = lines.flatMap((line) => line.match(/^(\d+)\. /)?.[1] ?? []).map(Number);
		expect(numbers).toEqual(Array.from(numbers, (_, i) => i + 1));
		expect(lines[0]).toMatch(
			/^1\. The packet to 172\.18\.0\.8:30040 arrives at nodeport-worker3 and enters nat PREROUTING/,
		);
		expect(lines[1]).toMatch(/^ +-A PREROUTING /);
		expect(lines).toContain("   It leaves for nodeport-worker, with the source address 172.18.0.6.");
		expect(lines.at(-1)).toBe(
			"   Pod app1-6666c77bf5-p5nfg (10.244.1.10:8080 on nodeport-worker) answers, and sees the client IP 10.244.1.1.",
		);
	});

	it("shows the probability of each branch", () => {
		const snapshot = snapshots["trace-cluster"];
		const text = inWords(snapshot, dnsutils, "trace-cluster:8080");
		expect(text.match(/^Branch .*$/gm)).toEqual([
			"Branch 1 of 2, probability 50.0 %",
			"Branch 2 of 2, probability 50.0 %",
		]);
	});

	it.each([
		["trace-local", "nodeport-worker2", "No answer: nodeport-worker2 drops it, and the client's request times out."],
		["trace-empty", "nodeport-worker2", 'with icmp-port-unreachable, and the client sees "connection refused".'],
		["nodeport-service", "nodeport-worker2:9999", "refused, unless a process listens there."],
		[
			"nodeport-service",
			"10.244.3.3:8080",
			"a pod that isn't an endpoint of the Service, 10.244.3.3:8080 on nodeport-worker3",
		],
		["nodeport-service", "127.0.0.1:30040", "each network has its own loopback address"],
		["nodeport-service", "192.0.2.1:80", "192.0.2.1 isn't the address of a node or a pod"],
	] as const)("of %s, to %s: %s", (service, to, end) => {
		expect(inWords(snapshots[service], dnsutils, to)).toContain(end);
	});
});

describe("parseDestination", () => {
	const snapshot = snapshots["nodeport-service"];

	it.each([
		["nodeport-worker", "172.18.0.8", 30040],
		["nodeport-worker:80", "172.18.0.8", 80],
		["10.244.1.10:8080", "10.244.1.10", 8080],
		["[fd00::9]:8080", "fd00::9", 8080],
		["nodeport-service:8080", "10.96.132.81", 8080],
		["clusterIp", "10.96.132.81", snapshot.service.port],
		["serviceDns", "10.96.132.81", snapshot.service.port],
		["nodeport-service.default.svc.cluster.local:8080", "10.96.132.81", 8080],
	])("takes %s for %s port %i", (text, address, port) => {
		expect(parseDestination(snapshot, text)).toEqual({ address, port, protocol: "tcp" });
	});

	it.each(["nowhere", "nowhere:80", "10.244.1.10", "10.244.1.10:0", "10.244.1.10:65536", "nodeport-service", ""])(
		"refuses %j and lists the allowed forms",
		(text) => {
			expect(parseDestination(snapshot, text)).toBeUndefined();
			expect(() => destinationOf(snapshot, text)).toThrow(`${text} isn't an address of the lab`);
		},
	);
});

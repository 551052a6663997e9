import { expect, it } from "vitest";
import {
	drawbacksVerdict,
	drawbackTable,
	drawbackText,
	subjectText,
	valueText,
} from "../../../../report/drawbacks/drawbacksText.ts";
import type { MeasuredSubject, MeasuredValue } from "../../../../verification/experiments/model.ts";

const end = (address: string) => ({ kind: "unreachable" as const, address });
const journey = (what: string) => ({
	client: "dnsutils",
	address: what,
	branches: [{ probability: 1, legs: [], outcome: "other" as const, end: end(what) }],
	omittedBranches: 0,
	hops: [],
});
const measurement = (name: string, ok: boolean) => ({
	subject: { kind: "dns" as const, name, headless: false },
	expected: { kind: "addresses" as const, addresses: ["e"] },
	measured: { kind: "addresses" as const, addresses: ["m"] },
	ok,
	journey: journey(name),
});
const pathOf = (what: string) => `No answer from the cluster: ${what} isn't the address of a node or a pod.`;
const drawback = {
	name: "client-ip-lost",
	title: "Lost",
	question: "Which client?",
	checkedAt: "2026-01-01T00:00:00.000Z",
	measurements: [measurement("a", true), measurement("b", true), measurement("c", false)],
};

const normal = { verbose: false, paths: false, width: 100 };

it("shows the first measurement, and what isn't as expected with its path", () => {
	expect(drawbackText(drawback, normal).split("\n")).toEqual([
		"Lost (2 of 3 as expected): Which client?",
		"  DNS for a, which has no node's address: m",
		"  NOT AS EXPECTED: DNS for c, which has no node's address",
		"    expected: e",
		"    measured: m",
		`    ${pathOf("c")}`,
	]);
});

it("shows every measurement and every path on request", () => {
	const verbose = drawbackText(drawback, { ...normal, verbose: true });
	expect(verbose.match(/^ {2}(as expected|NOT AS EXPECTED): DNS for [abc], /gm)).toHaveLength(3);
	expect(verbose).not.toContain(pathOf("b"));
	expect(drawbackText(drawback, { ...normal, paths: true })).toContain(pathOf("b"));
});

it("is as wide as the terminal", () => {
	const lines = drawbackText(drawback, { verbose: true, paths: true, width: 40 }).split("\n");
	expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(40);
});

it("concludes how many experiments ended as expected", () => {
	const good = { ...drawback, measurements: drawback.measurements.slice(0, 2) };
	expect(drawbacksVerdict([good])).toMatchObject({ ok: true });
	expect(drawbacksVerdict([good, drawback])).toEqual({
		ok: false,
		text: "measured what NodePort costs: 1 of 2 experiments as expected; the lab is restored and verified",
	});
});

it("has a row for each experiment with the number of expected results", () => {
	expect(
		drawbackTable([drawback], 100)
			.split("\n")
			.map((line) => line.split(/ {2,}/)),
	).toEqual([
		["EXPERIMENT", "AS EXPECTED", "WHAT IT SHOWS", "MEASURED AT"],
		["client-ip-lost", "2 of 3", "Lost", "2026-01-01T00:00:00.000Z"],
	]);
});

const request = { kind: "request" as const, client: "outside", node: "worker", address: "172.18.0.3:30040" };
const datagram = {
	kind: "datagram" as const,
	client: "outside",
	node: "worker",
	address: "172.18.0.3:30040",
	condition: "endpointRemoved" as const,
};
const sticky = {
	kind: "affinity" as const,
	client: "app1",
	clientIp: "10.244.3.3",
	node: "worker2",
	address: "172.18.0.5:30041",
	seenAs: "172.18.0.9",
	requests: 1,
};
const answer = { outcome: "ok" as const, podIp: "10.244.3.2", node: "worker", clientIp: "172.18.0.9" };
const band: [number, number] = [30000, 30085];
const shares = [
	{ of: "10.244.3.2", node: "worker", share: 1 / 3 },
	{ of: "otherNode", share: 2 / 3 },
];

it.each<[MeasuredSubject, string]>([
	[request, "outside to worker"],
	[
		{ ...request, clientIp: "172.18.0.9", policy: "Local", condition: "ownNode" },
		"policy Local: outside (172.18.0.9) to worker, the pod's own node",
	],
	[
		{ ...request, proxyMode: "nftables", nodePortAddresses: ["172.18.0.3/32"] },
		"nftables mode, nodePortAddresses 172.18.0.3/32: outside to worker",
	],
	[{ ...request, client: "worker", address: "127.0.0.1:30040" }, "worker to its own address 127.0.0.1:30040"],
	[{ kind: "otherNodes", stopped: "worker", seconds: 0 }, "the other nodes, right after worker was stopped"],
	[{ kind: "otherNodes", stopped: "worker", seconds: 80 }, "the other nodes, 80 s later"],
	[{ kind: "distribution", entries: ["a"], replicas: 1, ownNode: true }, "through a, the pod's own node"],
	[
		{ kind: "distribution", entries: ["a"], replicas: 3, ownNode: false },
		"3 replicas, one on each of 3 nodes, through a",
	],
	[
		{ kind: "distribution", entries: ["a", "b"], replicas: 3, ownNode: false },
		"an equal part of the requests through each of a, b",
	],
	[sticky, "1 request of app1 (10.244.3.3) through worker2, which sees 172.18.0.9 and doesn't remember it"],
	[
		{ ...sticky, requests: 10, remembered: "dnsutils" },
		"10 requests of app1 (10.244.3.3) through worker2, which sees 172.18.0.9 and remembers it since a request of dnsutils",
	],
	[{ kind: "remembered", node: "worker" }, "the addresses that session affinity remembers on worker"],
	[
		{ kind: "rollout", node: "worker", change: "stopFirst", servesOn: false },
		"requests through worker while the only pod is replaced, which stops at once",
	],
	[
		{ kind: "rollout", node: "worker", change: "scaleDown", servesOn: true },
		"requests through worker while one of two pods is removed, which serves on while it terminates (preStop)",
	],
	[
		{ kind: "healthCheck", node: "worker", port: 31000, condition: "terminating" },
		"the health check node port 31000 of worker, whose only pod terminates and still serves",
	],
	[
		{ ...request, ipFamilyPolicy: "SingleStack", families: ["ipv6"] },
		"ipFamilyPolicy SingleStack, ipFamilies IPv6: outside to worker's address 172.18.0.3:30040",
	],
	[
		{ kind: "familyDns", record: "AAAA", ipFamilyPolicy: "PreferDualStack", families: ["ipv4", "ipv6"] },
		"ipFamilyPolicy PreferDualStack, ipFamilies IPv4, IPv6: the AAAA records of its name",
	],
	[datagram, "outside to 172.18.0.3:30040 from a new source port, after the only endpoint was removed"],
	[
		{ ...datagram, sourcePort: 40001, trackedTo: "10.244.1.5:8080" },
		"outside to 172.18.0.3:30040 from the kept source port 40001, which conntrack on worker sends to 10.244.1.5:8080, after the only endpoint was removed",
	],
])("says what was measured: %j", (subject, text) => expect(subjectText(subject)).toBe(text));

it.each<[MeasuredValue, string]>([
	[
		{ kind: "results", results: [answer, { outcome: "timeout" }] },
		"answered by 10.244.3.2 on worker, which sees 172.18.0.9 or timeout",
	],
	[{ kind: "addresses", addresses: [] }, "none"],
	[{ kind: "health", status: 503, endpoints: 0 }, "503, 0 local endpoints"],
	[{ kind: "ports", band, inBand: [] }, "no port in the static band 30000-30085"],
	[{ kind: "ports", band, inBand: [30001], range: [30001, 32000] }, "30001 in the static band: 30001 to 32000"],
	[{ kind: "losses", until: "never" }, "no request fails"],
	[{ kind: "losses", until: "ready" }, "requests fail until the replacement is ready"],
	[
		{ kind: "losses", until: "rulesChange", atMost: 30 },
		"requests fail at most until kube-proxy has changed its rules, within 30 s",
	],
	[{ kind: "failing", seconds: 9.3, failed: 12, requests: 200 }, "12 of 200 requests fail, within 9.3 s"],
	[{ kind: "failing", seconds: 0, failed: 0, requests: 200 }, "all 200 requests are answered"],
	[{ kind: "shares", shares }, "10.244.3.2 on worker 33.3 %, cross nodes 66.7 %"],
	[
		{ kind: "shares", shares, requests: 3000, latencyRatios: [{ percentile: 50, ratio: 1.052 }] },
		"10.244.3.2 on worker 33.3 %, cross nodes 66.7 % of 3000 requests; the latency ratio to the pod's own node is p50 1.05",
	],
])("says what was expected or measured: %j", (value, text) => expect(valueText(value)).toBe(text));

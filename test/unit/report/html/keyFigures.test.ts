import { expect, it } from "vitest";
import { keyFigures } from "../../../../report/html/keyFigures.ts";
import type { MeasuredSubject, MeasuredValue, Measurement } from "../../../../verification/experiments/model.ts";
import { fullReport } from "../full.ts";

const measurement = (subject: MeasuredSubject, measured: MeasuredValue): Measurement => ({
	subject,
	expected: measured,
	measured,
	ok: true,
});

const distribution = (replicas: number, ownNode: boolean): MeasuredSubject => ({
	kind: "distribution",
	entries: ["worker"],
	replicas,
	ownNode,
});

const shares = (of: Record<string, number>, ratio?: number): MeasuredValue => ({
	kind: "shares",
	shares: Object.entries(of).map(([of, share]) => ({ of, share })),
	...(ratio !== undefined && { latencyRatios: [{ percentile: 50, ratio }] }),
});

const textOf = (measurements: readonly Measurement[]): string[] =>
	keyFigures(measurements).map(({ figure, what }) => `${figure} ${what}`);

it("counts the requests of a recorded run under each policy, and the nodes without an endpoint", () => {
	const [lost, holes] = fullReport().drawbacks ?? [];
	expect(textOf(lost?.measurements ?? [])).toEqual([
		"2 of 2 requests hide the client's address from the pod (policy Cluster)",
		"1 of 2 requests hide the client's address from the pod (policy Local)",
	]);
	expect(textOf(holes?.measurements ?? [])).toEqual([
		"3 of 4 requests get no answer",
		"3 of 4 nodes report on their health check node port that they have no endpoint",
	]);
});

it("shows how many requests cross nodes and how much slower they are, but not the pod's own node", () => {
	expect(
		textOf([
			measurement(distribution(1, true), shares({ sameNode: 1 })),
			measurement(distribution(1, false), shares({ otherNode: 1 }, 1.05)),
			measurement(distribution(3, false), shares({ sameNode: 0.335, otherNode: 0.665 })),
		]),
	).toEqual([
		"100.0 % of the requests cross to another node (1 pod)",
		"× 1.05 the median latency through another node",
		"66.5 % of the requests cross to another node (3 pods)",
	]);
});

const rollout = {
	kind: "rollout",
	node: "worker",
	change: "stopFirst",
	servesOn: false,
} as const;

const datagram = {
	kind: "datagram",
	client: "outside",
	node: "worker",
	address: "172.18.0.3:30040",
	sourcePort: 40001,
} as const;

const sticky = {
	kind: "affinity",
	client: "app1",
	node: "worker2",
	address: "172.18.0.5:30041",
	seenAs: "172.18.0.9",
	requests: 10,
} as const;

const request = { kind: "request", client: "outside", node: "worker2", address: "172.18.0.5:30040" } as const;

it.each<[string, MeasuredSubject, MeasuredValue, string]>([
	[
		"the cost of many Services",
		{ kind: "modeCost", cost: "connection", services: 5000 },
		{ kind: "costs", iptables: 4, nftables: 1 },
		"× 0.25 a new connection to the nodePort with 5,000 Services: nftables / iptables",
	],
	[
		"the pod with most requests",
		distribution(3, false),
		shares({ a: 0.25, b: 0.5, c: 0.25 }),
		"50.0 % of the requests go to one of 3 pods",
	],
	[
		"a dead node",
		{ ...request, condition: "notReady" },
		{ kind: "noAnswer" },
		"no answer through worker2, which is NotReady",
	],
	[
		"nodes that still answer",
		{ kind: "otherNodes", stopped: "worker2", seconds: 0 },
		{ kind: "answering", answering: 0, of: 3 },
		"0 of 3 other nodes answer while worker2 is stopped",
	],
	[
		"an outage",
		{ kind: "recovery", replicas: 3, stopped: "worker" },
		{ kind: "outage", seconds: 45, failed: 80 },
		"45 s until every node answers; 80 requests failed",
	],
	[
		"a refused Service",
		{ kind: "secondService", nodePort: 30040 },
		{ kind: "refused", message: "taken" },
		"refused another Service on nodePort 30040",
	],
	[
		"ports in the static band",
		{ kind: "assignedPorts", services: 150 },
		{ kind: "ports", band: [30000, 30085], inBand: [] },
		"0 auto-assigned nodePorts are from 30000 to 30085",
	],
	[
		"an address in the API",
		{ kind: "listed" },
		{ kind: "listed", nodePort: 30040, address: "172.18.0.5", isListed: true },
		"still listed 172.18.0.5 in the API",
	],
	[
		"requests that fail during an update",
		rollout,
		{ kind: "failing", seconds: 9.3, failed: 12, requests: 200 },
		"9.3 s with failed requests while the only pod is replaced (no preStop)",
	],
	[
		"an update without an error",
		{ ...rollout, servesOn: true },
		{ kind: "failing", seconds: 0, failed: 0, requests: 200 },
		"0 of 200 requests fail while the only pod is replaced (preStop)",
	],
	[
		"a client that is taken for another one",
		{ ...sticky, remembered: "dnsutils" },
		{ kind: "results", results: [{ outcome: "ok" }] },
		"same pod answers app1 and dnsutils: worker2 sees both as 172.18.0.9",
	],
	[
		"a datagram to a pod that is gone",
		{ ...datagram, condition: "endpointRemoved" },
		{ kind: "noAnswer" },
		"no answer with the kept source port, although the Service has no endpoint any more",
	],
	[
		"a datagram to a Service that is gone",
		{ ...datagram, condition: "serviceRemoved" },
		{ kind: "results", results: [{ outcome: "ok" }] },
		"answered with the kept source port, although the Service is removed",
	],
	[
		"requests of another family",
		{ ...request, ipFamilyPolicy: "SingleStack", families: ["ipv4"] },
		{ kind: "results", results: [{ outcome: "refused" }] },
		"1 of 1 requests get no answer (ipFamilyPolicy SingleStack, ipFamilies IPv4)",
	],
	["endpoints", { kind: "endpoints" }, { kind: "count", count: 0 }, "0 ready endpoints"],
	[
		"answers",
		{ ...request, proxyMode: "nftables" },
		{ kind: "results", results: [{ outcome: "ok" }] },
		"1 of 1 requests are answered (nftables mode)",
	],
])("shows %s", (_, subject, value, text) => {
	expect(textOf([measurement(subject, value)])).toEqual([text]);
});

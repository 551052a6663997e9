import { describe, expect, it } from "vitest";
import { withPort } from "../../../../netfilter/address.ts";
import { expect as expectation, podSideAddress, targetsOf } from "../../../../verification/judgement/predict.ts";
import type { ProxyMode, Target } from "../../../../verification/model.ts";
import { dnsutils, endpoint, onNode, outside, sampleView } from "../sampleSnapshot.ts";

const promised = ["nodeport-worker"];
const nodePort = (node: string): Target => {
	const target = targetsOf(sampleView(), dnsutils, "full").find((target) => target.node === node);
	if (!target) throw new Error(`no target on ${node}`);
	return target;
};
const internal = (kind: Target["kind"]): Target => {
	const target = targetsOf(sampleView(), dnsutils, "full").find((target) => target.kind === kind);
	if (!target) throw new Error(`no target ${kind}`);
	return target;
};

it("targets every node, loopback, every pod, the ClusterIP and the Service's name", () => {
	expect(targetsOf(sampleView(), dnsutils, "full").map(({ kind, address }) => `${kind} ${address}`)).toEqual([
		"nodePort 172.18.0.2:30040",
		"nodePort 172.18.0.3:30040",
		"nodePort 172.18.0.4:30040",
		"nodePort 172.18.0.5:30040",
		"nodePort 127.0.0.1:30040",
		"podIp 10.244.3.9:8080",
		"clusterIp 10.96.0.10:8080",
		"serviceDns nodeport-service.default.svc.cluster.local:8080",
	]);
});

it("targets loopback only in the full matrix, and from outside only what is routed", () => {
	const kinds = (...args: [typeof dnsutils, "base" | "full"]) =>
		targetsOf(sampleView(), ...args).map(({ kind, node }) => `${kind}${node ? "" : " own"}`);
	expect(kinds(dnsutils, "base")).not.toContain("nodePort own");
	expect(new Set(kinds(outside, "full"))).toEqual(new Set(["nodePort", "nodePort own"]));
});

it("puts an IPv6 address in brackets", () => {
	expect(withPort("fd00::1", 30040)).toBe("[fd00::1]:30040");
});

it.each([
	["10.244.3.0/24", "10.244.3.1"],
	["fd00:10:244:3::/64", "fd00:10:244:3::1"],
	["", undefined],
])("the pods' gateway of %j is %j", (podCidr, gateway) => {
	const [node] = sampleView().nodes;
	expect(node && podSideAddress({ ...node, podCidr })).toBe(gateway);
});

describe("policy Cluster", () => {
	// As measured from one dnsutils pod on a kind cluster.
	it.each([
		["another node", nodePort("nodeport-worker2"), "172.18.0.4"],
		["the client's own node", nodePort("nodeport-worker3"), "172.18.0.5"],
		["the echo's own node", nodePort("nodeport-worker"), "10.244.3.1"],
		["the pod's IP", internal("podIp"), "10.244.5.2"],
		["the ClusterIP", internal("clusterIp"), "10.244.5.2"],
		["the Service's name", internal("serviceDns"), "10.244.5.2"],
	])("through %s the pod answers and sees %3$s", (_, target, clientIp) => {
		expect(expectation(sampleView(), promised, "iptables", dnsutils, target)).toEqual({
			outcome: "ok",
			nodes: ["nodeport-worker"],
			podIps: ["10.244.3.9"],
			clientIp,
		});
	});

	it("predicts no client address if it depends on the pod that answers", () => {
		const endpoints = [endpoint("nodeport-worker", "10.244.3.9"), endpoint("nodeport-worker2", "10.244.4.9")];
		const expected = expectation(
			sampleView({ endpoints }),
			promised,
			"iptables",
			dnsutils,
			nodePort("nodeport-worker2"),
		);
		expect(expected).toMatchObject({ outcome: "ok", podIps: ["10.244.3.9", "10.244.4.9"] });
		expect(expected).not.toHaveProperty("clientIp");
	});

	it("expects an answer even if no endpoint is ready: no answer is then a finding", () => {
		const expected = expectation(
			sampleView({ endpoints: [] }),
			promised,
			"iptables",
			dnsutils,
			nodePort("nodeport-worker"),
		);
		expect(expected).toEqual({ outcome: "ok", nodes: ["nodeport-worker"] });
	});
});

describe("policy Local", () => {
	const snapshot = sampleView({ service: { ...sampleView().service, externalTrafficPolicy: "Local" } });

	it.each(["nodeport-control-plane", "nodeport-worker2"])(
		"a packet to %s, which has no endpoint, is dropped",
		(node) => {
			expect(expectation(snapshot, promised, "iptables", dnsutils, nodePort(node))).toEqual({ outcome: "timeout" });
		},
	);

	it("the echo's own node answers, and the pod sees the client's node", () => {
		expect(expectation(snapshot, promised, "iptables", dnsutils, nodePort("nodeport-worker"))).toMatchObject({
			outcome: "ok",
			clientIp: "172.18.0.5",
		});
	});

	it("the client's own node answers although it has no endpoint: the packet doesn't leave the cluster", () => {
		expect(expectation(snapshot, promised, "iptables", dnsutils, nodePort("nodeport-worker3"))).toMatchObject({
			outcome: "ok",
			podIps: ["10.244.3.9"],
			clientIp: "10.244.5.2",
		});
	});
});

describe("a node's own process, the echo's own pod and a client outside", () => {
	const snapshot = (policy: "Cluster" | "Local") =>
		sampleView({ service: { ...sampleView().service, externalTrafficPolicy: policy } });
	const hairpin = { network: "pod" as const, node: "nodeport-worker", ip: "10.244.3.9" };
	const ownPort: Target = { kind: "nodePort", address: "127.0.0.1:30040" };
	const seen = (policy: "Cluster" | "Local", place: typeof dnsutils, target: Target, mode: ProxyMode = "iptables") => {
		const { outcome, clientIp } = expectation(snapshot(policy), promised, mode, place, target);
		return outcome === "ok" ? clientIp : outcome;
	};

	it.each([
		["Cluster", "a node, by its own address", onNode("nodeport-worker2"), nodePort("nodeport-worker2"), "172.18.0.4"],
		[
			"Cluster",
			"the echo's node, by its own address",
			onNode("nodeport-worker"),
			nodePort("nodeport-worker"),
			"10.244.3.1",
		],
		["Cluster", "a node, by another's address", onNode("nodeport-worker2"), nodePort("nodeport-worker3"), "172.18.0.5"],
		["Cluster", "a node, by 127.0.0.1", onNode("nodeport-worker2"), ownPort, "172.18.0.4"],
		["Cluster", "a node, by the ClusterIP", onNode("nodeport-worker2"), internal("clusterIp"), "172.18.0.4"],
		["Cluster", "a node, by the pod's IP", onNode("nodeport-worker2"), internal("podIp"), "172.18.0.4"],
		["Cluster", "the echo's node, by the pod's IP", onNode("nodeport-worker"), internal("podIp"), "10.244.3.1"],
		["Cluster", "the echo, by its own IP", hairpin, internal("podIp"), "10.244.3.9"],
		["Cluster", "the echo, by the ClusterIP", hairpin, internal("clusterIp"), "10.244.3.1"],
		["Cluster", "the echo, by another node", hairpin, nodePort("nodeport-worker2"), "172.18.0.4"],
		["Cluster", "a pod, by its own 127.0.0.1", dnsutils, ownPort, "refused"],
		["Cluster", "outside, by any node", outside, nodePort("nodeport-worker2"), "172.18.0.4"],
		[
			"Local",
			"a node without endpoint, by its own address",
			onNode("nodeport-worker2"),
			nodePort("nodeport-worker2"),
			"172.18.0.4",
		],
		["Local", "a node, by the echo's node", onNode("nodeport-worker2"), nodePort("nodeport-worker"), "172.18.0.4"],
		[
			"Local",
			"a node, by a node without endpoint",
			onNode("nodeport-worker2"),
			nodePort("nodeport-worker3"),
			"timeout",
		],
		["Local", "outside, by the echo's node", outside, nodePort("nodeport-worker"), "172.18.0.9"],
		["Local", "outside, by a node without endpoint", outside, nodePort("nodeport-worker2"), "timeout"],
		["Local", "the echo, by its own node", hairpin, nodePort("nodeport-worker"), "10.244.3.1"],
	] as const)("with policy %s, from %s: %5$s", (policy, _, place, target, result) => {
		expect(seen(policy, place, target)).toBe(result);
	});

	it("expects no answer on a node's 127.0.0.1 in nftables mode", () => {
		expect(seen("Cluster", onNode("nodeport-worker2"), ownPort, "nftables")).toBe("refused");
	});
});

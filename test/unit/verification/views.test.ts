/** Everything that is predicted, sent and recorded is of one address family and protocol of the Service. */
import pLimit from "p-limit";
import { describe, expect, it } from "vitest";
import { type ClusterSnapshot, type Place, viewNamed, viewsOf } from "../../../kubernetes/snapshot.ts";
import { LabSnapshot } from "../../../verification/experiments/support/labSnapshot.ts";
import { destinationOf } from "../../../verification/journey/destination.ts";
import { journeyOf, observationOf, outcomeOf } from "../../../verification/journey/journey.ts";
import { expect as predict, targetsOf } from "../../../verification/judgement/predict.ts";
import type { ProxyMode, Target } from "../../../verification/model.ts";
import { observe, requestProgram } from "../../../verification/probe.ts";
import { sameSnapshot, settle } from "../../../verification/settle.ts";
import { traceFinding } from "../../../verification/verifyService.ts";
import { dualCluster, dualRulesets, labViews, placeIn, viewNames } from "./labViews.ts";

const outside: Place = { network: "outside", ip: "172.18.0.20" };
const lab = labViews();
const rules = await dualRulesets(lab);
const inView = (family: "ipv4" | "ipv6", protocol: "tcp" | "udp", snapshot = lab): ClusterSnapshot =>
	viewNamed(snapshot, { family, protocol });

const placesOf = (view: ClusterSnapshot): Place[] => [
	...view.clients.map(({ place }) => place),
	...view.endpoints.map(({ node, ip }): Place => ({ network: "pod", node, ip })),
	placeIn(view.family, outside),
];

const views = (["nodeport-service", "trace-cluster", "trace-local"] as const).flatMap((name) =>
	viewsOf(labViews(name)).map((view) => [view.family, view.protocol, name, view] as const),
);

describe("the journey of a packet", () => {
	it.each(views)("of %s and %s ends as the API's objects predict: %s", (family, protocol, _, view) => {
		for (const place of placesOf(view)) {
			for (const target of targetsOf(view, place, "full")) {
				const branches = journeyOf(view, rules, place, destinationOf(view, target.address));
				const { outcome, podIps = [], clientIp } = predict(view, [], "iptables", place, target);
				const ends = branches.map(({ end }) => observationOf(end));
				expect(new Set(ends.map(({ outcome }) => outcome))).toEqual(new Set([outcome]));
				expect(new Set(ends.flatMap(({ podIp }) => podIp ?? []))).toEqual(new Set(podIps));
				if (clientIp !== undefined) expect(new Set(ends.map(({ clientIp }) => clientIp))).toEqual(new Set([clientIp]));
				for (const { packet } of branches.flatMap(({ legs }) => legs)) {
					expect(packet).toMatchObject({ family, protocol });
				}
			}
		}
	});

	it.each(viewNames)("is refused without endpoints, by ICMP for UDP too: $family, $protocol", (name) => {
		const view = viewNamed(labViews("trace-empty"), name);
		const [, worker] = view.nodes;
		const place = placeIn(name.family, outside);
		const branches = journeyOf(view, rules, place, destinationOf(view, worker?.name ?? ""));
		const rejection = name.family === "ipv6" ? "icmp6-port-unreachable" : "icmp-port-unreachable";
		expect(branches.map(({ end }) => [outcomeOf(end), end])).toEqual([
			["refused", { kind: "reject", node: worker?.name, with: rejection, owner: "kube-proxy" }],
		]);
	});
});

describe("a node's own loopback address", () => {
	it.each([
		["iptables", "ipv4", "tcp", "ok"],
		["iptables", "ipv4", "udp", "ok"],
		["iptables", "ipv6", "tcp", "refused"],
		["iptables", "ipv6", "udp", "refused"],
		["nftables", "ipv4", "tcp", "refused"],
		["nftables", "ipv4", "udp", "refused"],
		["nftables", "ipv6", "tcp", "refused"],
		["nftables", "ipv6", "udp", "refused"],
	] as const)("in %s mode, for %s and %s: %s", (mode: ProxyMode, family, protocol, outcome) => {
		const view = inView(family, protocol);
		const place = view.clients[2]?.place ?? expect.fail("the nodes are clients");
		const target = loopbackOf(view, place);
		expect(target.address).toBe(family === "ipv6" ? "[::1]:30040" : "127.0.0.1:30040");
		expect(predict(view, [], mode, place, target).outcome).toBe(outcome);
	});

	it("is dropped for IPv6 in iptables mode by a node without an endpoint under policy Local", () => {
		const view = inView("ipv6", "tcp", labViews("trace-local"));
		const results = view.clients.slice(1).map(({ place }) => {
			const { outcome } = predict(view, [], "iptables", place, loopbackOf(view, place));
			return [view.endpoints.some(({ node }) => node === place.node), outcome];
		});
		expect(results).toEqual([
			[false, "timeout"],
			[true, "refused"],
			[false, "timeout"],
			[true, "refused"],
		]);
	});

	it.each(viewNames)("isn't served to pods and to clients outside: $family, $protocol", (name) => {
		const view = viewNamed(lab, name);
		for (const place of [view.clients[0]?.place ?? expect.fail("there is a client"), placeIn(name.family, outside)])
			expect(predict(view, [], "iptables", place, loopbackOf(view, place))).toEqual({ outcome: "refused" });
	});
});

function loopbackOf(view: ClusterSnapshot, place: Place): Target {
	const target = targetsOf(view, place, "full").find(({ kind, node }) => kind === "nodePort" && node === undefined);
	return target ?? expect.fail("loopback is a target");
}

describe("a client's request", () => {
	const client = lab.clients[0] ?? expect.fail("there is a client");
	const name = "nodeport-service.default.svc.cluster.local:8080";

	it.each([
		["ipv4", "tcp", "172.18.0.8:30040", ["curl", "http://172.18.0.8:30040/host"]],
		["ipv6", "tcp", "[fd00:18::8]:30040", ["curl", "http://[fd00:18::8]:30040/host"]],
		["ipv4", "udp", "172.18.0.8:30040", ["echo-get", "udp://172.18.0.8:30040/host"]],
		["ipv4", "tcp", name, ["curl", "--ipv4", `http://${name}/host`]],
		["ipv6", "udp", name, ["echo-get", "--ipv6", `udp://${name}/host`]],
	] as const)("of %s and %s to %s", (family, protocol, address, program) => {
		expect(requestProgram(inView(family, protocol), client, address)).toEqual(program);
	});

	it("needs no option for the name of a Service with one family", () => {
		const service = { ...lab.service, clusterIps: [lab.service.clusterIp] };
		expect(requestProgram({ ...lab, service }, client, name)).toEqual(["curl", `http://${name}/host`]);
	});

	it.each([
		["echo-get: read udp 10.244.3.2:41000->172.18.0.8:30040: read: connection refused", 7, "refused"],
		["echo-get: no answer within 3s", 28, "timeout"],
	])("by UDP ends as its exit code says: %s", (stderr, code, outcome) => {
		expect(observe({ code, stdout: "", stderr }, 1).outcome).toBe(outcome);
	});
});

describe("a node's rules", () => {
	const node = lab.nodes[1] ?? expect.fail("there is a worker");
	const settled = (change: Parameters<typeof dualCluster>[0]) => {
		const cluster = dualCluster(change);
		const say = () => {};
		const readSnapshot = async () => lab;
		return settle({ cluster, snapshot: lab, deadline: performance.now(), say, readSnapshot, limit: pLimit(1) }, node);
	};

	it("are settled if they serve all views", async () => {
		expect(await settled(undefined)).toEqual({ node, ruleset: expect.anything() });
	});

	it.each([
		["ipv4", "udp"],
		["ipv6", "tcp"],
		["ipv6", "udp"],
	] as const)("aren't settled if they don't serve %s and %s", async (family, protocol) => {
		const rule = new RegExp(`^.*-A KUBE-NODEPORTS .*-m ${protocol} --dport 30040 .*$\n`, "gm");
		const { finding } = await settled((of, saved) => (of === family ? saved.replaceAll(rule, "") : saved));
		const { endpoints } = inView(family, protocol);
		const expected = endpoints.map(({ ip, port }) => (ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`));
		const problem = { kind: "endpoints", expected, observed: ["untouched"] };
		expect(finding).toEqual({ kind: "rules", node: node.name, family, protocol, problem, fix: ["restart"] });
	});

	it("are those of the view's family", () => {
		const ruleset = rules.get(node.name);
		const of = (family: "ipv4" | "ipv6") => ruleset?.rulesOf(inView(family, "tcp")).join("\n") ?? "";
		expect(of("ipv4")).toContain("--to-destination 10.244.1.10:8080");
		expect(of("ipv6")).toContain("--to-destination [fd00:10:244:1::a]:8080");
		expect(of("ipv6")).not.toMatch(/10\.244\.|10\.96\./);
	});
});

it("the state is another one if an endpoint of the second family differs", () => {
	const changed = labViews();
	expect(sameSnapshot(lab, changed)).toBe(true);
	changed.otherViews?.at(-1)?.endpoints.pop();
	expect(sameSnapshot(lab, changed)).toBe(false);
});

it.each([
	["ipv4", "tcp", ["--to", "nodeport-worker", "--trace"]],
	["ipv4", "udp", ["--to", "nodeport-worker", "--protocol", "udp", "--trace"]],
	["ipv6", "tcp", ["--to", "nodeport-worker", "--family", "ipv6", "--trace"]],
] as const)("a trace of %s and %s that failed is repeated in its view", (family, protocol, options) => {
	const failed = { result: "failed", node: "nodeport-worker", family, protocol, failure: { kind: "unseen" } } as const;
	expect(traceFinding(failed, lab)).toEqual([
		{ kind: "trace", trace: failed, repeat: ["npm", "run", "explain", "--", "--from", "dnsutils", ...options] },
	]);
});

describe("an experiment", () => {
	const snapshot = new LabSnapshot(dualCluster(), lab, rules);

	it("uses the first view, and any other one that it asks for", () => {
		const second = snapshot.inView({ family: "ipv6", protocol: "udp" });
		const [, worker] = second.objects.nodes;
		const address = second.addressOf(worker ?? expect.fail("there is a worker"));
		expect(address).toBe("[fd00:18::8]:30040");
		expect(second.predict(second.inside, address)).toMatchObject([{ outcome: "ok", podIp: "fd00:10:244:1::a" }]);
		expect(second.recordedJourney(second.inside, address)).toMatchObject({ family: "ipv6", protocol: "udp" });
		expect(second.inView({ family: "ipv4" }).objects).toMatchObject({ family: "ipv4", protocol: "udp" });
		expect(snapshot.inView({}).objects).toBe(lab);
	});

	it("throws for a view that the Service doesn't have", () => {
		const { otherViews: _, ...first } = lab;
		expect(() => new LabSnapshot(dualCluster(), first, rules).inView({ family: "ipv6" })).toThrow(
			"the lab's Service has no TCP port with an ipv6 address",
		);
	});
});

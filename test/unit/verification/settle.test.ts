/** Rules and API move apart and together again: what is waited for, and what never comes. */
import pLimit from "p-limit";
import { expect, it, vi } from "vitest";
import type { Runner } from "../../../kubernetes/clients.ts";
import type { Cluster } from "../../../kubernetes/liveCluster.ts";
import type { ClusterSnapshot } from "../../../kubernetes/snapshot.ts";
import type { Request } from "../../../verification/request.ts";
import { type Awaited, settle, sharedLook } from "../../../verification/settle.ts";
import { fixture } from "../netfilter/fixtures.ts";
import { dnsutils, endpoint, sampleView } from "./sample.ts";

const node = sampleView().nodes[3] ?? expect.fail("there is a node");
const runner: Runner = { exec: { namespace: "kube-system", pod: "kube-proxy-x", container: "kube-proxy" } };
const saved = fixture("kind/1.36.3.nodeport-worker3.iptables-nft.ipv4.txt");
const [, led = expect.fail("the rules lead to a pod")] =
	/default\/nodeport-service:echo" -m tcp -j DNAT --to-destination ([\d.]+):8080/.exec(saved) ?? [];

const viewWith = (ip: string): ClusterSnapshot =>
	sampleView({ endpoints: [endpoint("nodeport-worker", ip)], kubeProxies: new Map([[node.name, runner]]) });

/** Settles a node whose rules stay as they are, seen with `snapshot`, while the API says `now`. */
function settleWith(snapshot: ClusterSnapshot, now: () => Promise<ClusterSnapshot>, milliseconds: number) {
	const run = vi.fn<Cluster["run"]>(async (_, [program]) => ({
		code: 0,
		stdout: program === "iptables-save" ? saved : "",
		stderr: "",
	}));
	const cluster = { run, restartProxy: () => "restart it" } as unknown as Cluster;
	const said: string[] = [];
	const deadline = performance.now() + milliseconds;
	const say = (line: string) => said.push(line);
	const awaited: Awaited = { cluster, snapshot, client: dnsutils, deadline, say, look: now, limit: pLimit(1) };
	return { settled: settle(awaited, node), said, reads: run };
}

it("takes rules that say what the API says, without looking again", async () => {
	const { settled, said } = settleWith(viewWith(led), () => expect.fail("looked again"), 60_000);
	expect((await settled).problem).toBeUndefined();
	expect(said).toEqual([]);
});

it("waits no longer for rules that follow a pod which came after the snapshot was read", async () => {
	const { settled, said, reads } = settleWith(viewWith("10.244.3.77"), async () => viewWith(led), 60_000);
	expect((await settled).problem).toContain(
		`its rules lead to ${led}:8080, the Service's endpoints are 10.244.3.77:8080`,
	);
	expect(said).toEqual([expect.stringContaining("waiting for kube-proxy")]);
	expect(reads.mock.calls.filter(([, [program]]) => program === "iptables-save")).toHaveLength(4);
});

it("does so for the pods of DNS too", async () => {
	const dns = (ips: string[]) => ({
		clusterIp: "10.96.0.10",
		endpoints: ips.map((ip) => endpoint("nodeport-worker", ip)),
	});
	const snapshot = { ...viewWith(led), dns: dns(["10.244.0.8"]) };
	const { settled } = settleWith(
		snapshot,
		async () => ({ ...snapshot, dns: dns(["10.244.0.8", "10.244.0.9"]) }),
		60_000,
	);
	expect((await settled).problem).toContain("its rules lead DNS to");
});

it.each([
	["as it was", async (snapshot: ClusterSnapshot) => snapshot],
	["unreachable", async () => Promise.reject(new Error("connect ECONNREFUSED"))],
])("waits until the deadline while the API is %s", async (_, now) => {
	const snapshot = viewWith("10.244.3.77");
	const { settled, reads } = settleWith(snapshot, () => now(snapshot), 2500);
	expect((await settled).problem).toBeDefined();
	expect(reads.mock.calls.length).toBeGreaterThan(4);
});

it("looks at the API once for all nodes that wait at the same time, and again later", async () => {
	const answers = [viewWith(led), viewWith("10.244.3.77")];
	const snapshot = vi.fn(async () => answers.shift());
	const look = sharedLook({ snapshot } as unknown as Cluster, {} as Request);
	const [one, other] = await Promise.all([look(), look()]);
	expect(one).toBe(other);
	expect(await look()).not.toBe(one);
	expect(snapshot).toHaveBeenCalledTimes(2);
});

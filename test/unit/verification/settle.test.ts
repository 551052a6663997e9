/** Rules and API differ for a while, or forever. */
import pLimit from "p-limit";
import { expect, it, vi } from "vitest";
import type { Runner } from "../../../kubernetes/clients.ts";
import type { Cluster } from "../../../kubernetes/liveCluster.ts";
import type { ClusterSnapshot } from "../../../kubernetes/snapshot.ts";
import type { Progress } from "../../../verification/progress.ts";
import type { Request } from "../../../verification/request.ts";
import { type Awaited, settle, sharedSnapshot } from "../../../verification/settle.ts";
import { fixture } from "../netfilter/fixtures.ts";
import { dnsutils, endpoint, sampleView } from "./sampleSnapshot.ts";

const node = sampleView().nodes[3] ?? expect.fail("there is a node");
const runner: Runner = { exec: { namespace: "kube-system", pod: "kube-proxy-x", container: "kube-proxy" } };
const saved = fixture("kind/1.36.3.nodeport-worker3.iptables-nft.ipv4.txt");
const [, led = expect.fail("the rules lead to a pod")] =
	/default\/nodeport-service:echo" -m tcp -j DNAT --to-destination ([\d.]+):8080/.exec(saved) ?? [];

const viewWith = (ip: string): ClusterSnapshot =>
	sampleView({
		endpoints: [endpoint("nodeport-worker", ip)],
		kubeProxies: new Map([[node.name, runner]]),
		clients: [{ name: "dnsutils", run: runner, get: ["curl"], place: dnsutils }],
	});

/** Settles a node whose rules stay as they are, seen with `snapshot`, while the API says `now`. */
function settleWith(snapshot: ClusterSnapshot, now: () => Promise<ClusterSnapshot>, milliseconds: number) {
	const run = vi.fn<Cluster["run"]>(async (_, [program]) => ({
		code: 0,
		stdout: program === "iptables-save" ? saved : program === "nft" ? '{"nftables": []}' : "",
		stderr: "",
	}));
	const cluster = { run, restartProxyCommand: () => ["restart"] } as unknown as Cluster;
	const said: Progress[] = [];
	const deadline = performance.now() + milliseconds;
	const say = (progress: Progress) => said.push(progress);
	const awaited: Awaited = { cluster, snapshot, deadline, say, readSnapshot: now, limit: pLimit(1) };
	return { settled: settle(awaited, node), said, reads: run };
}

it("accepts rules that agree with the API, without reading the API again", async () => {
	const { settled, said } = settleWith(viewWith(led), () => expect.fail("the API was read again"), 60_000);
	expect((await settled).finding).toBeUndefined();
	expect(said).toEqual([]);
});

it("stops waiting for rules that follow a pod newer than the snapshot", async () => {
	const { settled, said, reads } = settleWith(viewWith("10.244.3.77"), async () => viewWith(led), 60_000);
	const problem = { kind: "endpoints", expected: ["10.244.3.77:8080"], observed: [`${led}:8080`] };
	expect((await settled).finding?.problem).toEqual(problem);
	expect(said).toEqual([expect.objectContaining({ kind: "waitingForRules" })]);
	expect(reads.mock.calls.filter(([, [program]]) => program === "iptables-save")).toHaveLength(4);
});

it("also stops for newer DNS pods", async () => {
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
	expect((await settled).finding?.problem.kind).toBe("dns");
});

it.each([
	["unchanged", async (snapshot: ClusterSnapshot) => snapshot],
	["unreachable", async () => Promise.reject(new Error("connect ECONNREFUSED"))],
])("waits until the deadline while the API is %s", async (_, now) => {
	const snapshot = viewWith("10.244.3.77");
	const { settled, reads } = settleWith(snapshot, () => now(snapshot), 2500);
	expect((await settled).finding).toBeDefined();
	expect(reads.mock.calls.length).toBeGreaterThan(4);
});

it("reads the API once for all nodes that wait at the same time, and again later", async () => {
	const answers = [viewWith(led), viewWith("10.244.3.77")];
	const snapshot = vi.fn(async () => answers.shift());
	const read = sharedSnapshot({ snapshot } as unknown as Cluster, {} as Request);
	const [one, other] = await Promise.all([read(), read()]);
	expect(one).toBe(other);
	expect(await read()).not.toBe(one);
	expect(snapshot).toHaveBeenCalledTimes(2);
});

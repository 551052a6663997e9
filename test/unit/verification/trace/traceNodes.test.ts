import { describe, expect, it, vi } from "vitest";
import type { Runner } from "../../../../kubernetes/clients.ts";
import type { Dialogue, Ran } from "../../../../kubernetes/exec.ts";
import type { Cluster } from "../../../../kubernetes/liveCluster.ts";
import { printFacts } from "../../../../kubernetes/nodeFacts.ts";
import type { ClusterSnapshot, PlacedClient } from "../../../../kubernetes/snapshot.ts";
import { findingText } from "../../../../report/findingText.ts";
import { nodeTraceLine } from "../../../../report/traceText.ts";
import type { NodeTrace } from "../../../../verification/trace/model.ts";
import { traceNodePorts, traceOn } from "../../../../verification/trace/traceNodes.ts";
import { traceFinding } from "../../../../verification/verifyService.ts";
import { dnsutils, fixture, rulesets, snapshots } from "./traceLab.ts";

const exec = (pod: string): Runner => ({ exec: { namespace: "default", pod, container: "probe" } });
const curl = ["curl", "--silent"];
const client: PlacedClient = { name: "dnsutils", run: exec("dnsutils"), get: curl, place: dnsutils };
const probe: PlacedClient = {
	name: "nodeport-worker",
	run: exec("node-probe-1"),
	get: curl,
	place: { network: "node", node: "nodeport-worker", ip: "172.18.0.8" },
};
const snapshot: ClusterSnapshot = { ...snapshots["trace-cluster"], clients: [client, probe] };
const rules = await rulesets();
const nodeOf = (name: string) => {
	const node = snapshot.nodes.find((node) => node.name === name);
	if (!node) throw new Error(`no node ${name}`);
	return node;
};
const worker = nodeOf("nodeport-worker");
const destination = { address: worker.internalIp, port: 30042 };

/** A cluster where nodeport-worker traces dnsutils' packet as it did when the fixture was captured. */
function lab(trace = fixture("other-node.xtables.txt")) {
	const sent = vi.fn();
	const run = async (_: Runner, program: string[], __: number, dialogue?: Dialogue): Promise<Ran> => {
		if (program[0] === "iptables-save") return { code: 0, stdout: fixture("nodeport-worker.iptables.txt"), stderr: "" };
		if (program === printFacts || /^iptables-(nft|legacy)-save$/.test(program[0] ?? ""))
			return { code: 0, stdout: "", stderr: "" };
		if (program.join(" ") === "nft -j list tables") return { code: 0, stdout: '{"nftables": []}', stderr: "" };
		if (program[0] === "curl") {
			sent(program);
			return { code: 0, stdout: "", stderr: "" };
		}
		return new Promise((resolve) => {
			let port = "";
			dialogue?.stdin.on("data", (data) => {
				port = String(data).match(/^add table (ip nodeport-lab-trace-(\d+)) /)?.[2] ?? port;
				if (String(data) === "quit\n") resolve({ code: 0, stdout: trace.replaceAll("20014", port), stderr: "" });
				else dialogue.onOutput(`table ip nodeport-lab-trace-${port} {`);
			});
		});
	};
	return { cluster: { run } as unknown as Cluster, sent };
}

describe("a trace of the client's packet", () => {
	it("equals the predicted path, and was sent from the port that the trace matches", async () => {
		const { cluster, sent } = lab();
		const trace = await traceOn(cluster, snapshot, rules, client, destination, worker);
		expect(trace).toMatchObject({ result: "agrees", node: "nodeport-worker" });
		expect(nodeTraceLine(trace)).toBe(
			"nodeport-worker: the kernel's trace of 14 rules equals the path predicted from the rules",
		);
		expect(sent.mock.calls).toEqual([
			[["curl", "--silent", "--local-port", expect.stringMatching(/^[12]\d{4}$/), "http://172.18.0.8:30042/host"]],
		]);
	});

	it("is repeated three times before it counts as different, and then shows both", async () => {
		const { cluster, sent } = lab(fixture("other-node.xtables.txt").replaceAll(/.*KUBE-MARK-MASQ:rule.*\n/g, ""));
		const trace = await traceOn(cluster, snapshot, rules, client, destination, worker);
		expect(sent).toHaveBeenCalledTimes(3);
		expect(trace).toMatchObject({ result: "differs", difference: { agreed: 4 } });
		expect(traceFinding(trace, snapshot).map(findingText)).toEqual([
			expect.stringMatching(
				/^nodeport-worker: the kernel and the predicted path differ after 4 rules: kernel "nat KUBE-EXT-.*", predicted "nat KUBE-MARK-MASQ: .*"; repeat: npm run explain -- --from dnsutils --to nodeport-worker --trace$/,
			),
		]);
	});

	it.each([
		["the node is down", { ...worker, ready: false }, client, "notReady"],
		["no node-probe runs on the node", nodeOf("nodeport-worker2"), client, "noTracer"],
	])("reports why a node isn't traced: %s", async (_, node, client, reason) => {
		const trace = await traceOn(lab().cluster, snapshot, rules, client, destination, node);
		expect(trace).toMatchObject({ result: "untraced", reason });
		expect(traceFinding(trace, snapshot)).toEqual([]);
	});

	it("fails if the kernel didn't see a packet that should pass the node", async () => {
		const trace = await traceOn(lab("").cluster, snapshot, rules, client, destination, worker);
		expect(nodeTraceLine(trace)).toMatch(/^nodeport-worker: the trace failed: the kernel didn't see the packet/);
		expect(traceFinding(trace, snapshot).map(findingText)).toEqual([
			expect.stringMatching(/; repeat: npm run explain -- --from dnsutils --to nodeport-worker/),
		]);
	});

	it("fails if no packet passes the node", async () => {
		const to = { address: "127.0.0.1", port: 30042 };
		const trace = await traceOn(lab().cluster, snapshot, rules, client, to, worker);
		expect(trace).toMatchObject({
			result: "failed",
			failure: { kind: "notOnJourney", client: "dnsutils", address: "127.0.0.1" },
		});
	});

	it("doesn't try legacy iptables, which writes traces only to the kernel's log", async () => {
		const { cluster, sent } = lab();
		const run: Cluster["run"] = async (runner, program, ...rest) => {
			const ran = await cluster.run(runner, program, ...rest);
			return { ...ran, stdout: ran.stdout.replaceAll("nf_tables", "legacy") };
		};
		const trace = await traceOn({ run } as unknown as Cluster, snapshot, rules, client, destination, worker);
		expect(trace).toMatchObject({ result: "untraced", reason: "legacyIptables" });
		expect(sent).not.toHaveBeenCalled();
	});

	it("is requested on every node", async () => {
		const traces: NodeTrace[] = await traceNodePorts(lab().cluster, snapshot, rules);
		expect(traces.map(({ node, result }) => `${node} ${result}`)).toEqual([
			"nodeport-control-plane untraced",
			"nodeport-worker agrees",
			"nodeport-worker2 untraced",
			"nodeport-worker3 untraced",
		]);
	});
});

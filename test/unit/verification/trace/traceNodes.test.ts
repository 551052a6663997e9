import { describe, expect, it, vi } from "vitest";
import type { Runner } from "../../../../kubernetes/clients.ts";
import type { Dialogue, Ran } from "../../../../kubernetes/exec.ts";
import type { Cluster } from "../../../../kubernetes/liveCluster.ts";
import type { ClusterSnapshot, PlacedClient } from "../../../../kubernetes/snapshot.ts";
import { traceFailure, traceLine } from "../../../../report/traceText.ts";
import type { NodeTrace } from "../../../../verification/trace/model.ts";
import { traceNodePorts, traceOn } from "../../../../verification/trace/traceNodes.ts";
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
	it("equals the walk, and was sent from the port that the node's kernel looked for", async () => {
		const { cluster, sent } = lab();
		const trace = await traceOn(cluster, snapshot, rules, client, destination, worker);
		expect(trace).toMatchObject({ result: "agrees", node: "nodeport-worker" });
		expect(traceLine(trace)).toBe("nodeport-worker: the kernel's trace of 14 rules equals the walk");
		expect(traceFailure(trace, "dnsutils")).toBeUndefined();
		expect(sent.mock.calls).toEqual([
			[["curl", "--silent", "--local-port", expect.stringMatching(/^[12]\d{4}$/), "http://172.18.0.8:30042/host"]],
		]);
	});

	it("is taken three times before it is called different, and then shows both", async () => {
		const { cluster, sent } = lab(fixture("other-node.xtables.txt").replaceAll(/.*KUBE-MARK-MASQ:rule.*\n/g, ""));
		const trace = await traceOn(cluster, snapshot, rules, client, destination, worker);
		expect(sent).toHaveBeenCalledTimes(3);
		expect(trace).toMatchObject({ result: "differs", difference: { agreed: 4 } });
		expect(traceFailure(trace, "dnsutils")).toMatch(
			/^nodeport-worker: kernel and walk part after 4 rules: the kernel says "nat KUBE-EXT-.*", the walk says "nat KUBE-MARK-MASQ: .*"; repeat: npm run explain -- --from dnsutils --to nodeport-worker --trace$/,
		);
	});

	it.each([
		["the node is down", { ...worker, ready: false }, client, "the node is not Ready"],
		["no node-probe runs on the node", nodeOf("nodeport-worker2"), client, "it runs no node-probe pod"],
	])("says why there is none: %s", async (_, node, client, reason) => {
		const trace = await traceOn(lab().cluster, snapshot, rules, client, destination, node);
		expect(trace).toMatchObject({ result: "untraced", reason: expect.stringContaining(reason) });
		expect(traceFailure(trace, "dnsutils")).toBeUndefined();
	});

	it("fails where the kernel saw no packet, which the walk leads over the node", async () => {
		const trace = await traceOn(lab("").cluster, snapshot, rules, client, destination, worker);
		expect(traceLine(trace)).toMatch(/^nodeport-worker: the trace failed: its kernel did not see the packet/);
		expect(traceFailure(trace, "dnsutils")).toMatch(
			/; repeat: npm run explain -- --from dnsutils --to nodeport-worker/,
		);
	});

	it("fails where no packet passes the node", async () => {
		const to = { address: "127.0.0.1", port: 30042 };
		const trace = await traceOn(lab().cluster, snapshot, rules, client, to, worker);
		expect(trace).toMatchObject({ result: "failed", reason: "no packet from dnsutils to 127.0.0.1 passes it" });
	});

	it("does not try legacy iptables, whose traces only the kernel's log has", async () => {
		const { cluster, sent } = lab();
		const run: Cluster["run"] = async (runner, program, ...rest) => {
			const ran = await cluster.run(runner, program, ...rest);
			return { ...ran, stdout: ran.stdout.replaceAll("nf_tables", "legacy") };
		};
		const trace = await traceOn({ run } as unknown as Cluster, snapshot, rules, client, destination, worker);
		expect(trace).toMatchObject({ result: "untraced", reason: expect.stringContaining("kernel's log") });
		expect(sent).not.toHaveBeenCalled();
	});

	it("is asked of every node", async () => {
		const traces: NodeTrace[] = await traceNodePorts(lab().cluster, snapshot, rules, client);
		expect(traces.map(({ node, result }) => `${node} ${result}`)).toEqual([
			"nodeport-control-plane untraced",
			"nodeport-worker agrees",
			"nodeport-worker2 untraced",
			"nodeport-worker3 untraced",
		]);
	});
});

import { expect, it, vi } from "vitest";
import type { Runner } from "../../../../kubernetes/clients.ts";
import type { Dialogue, Ran } from "../../../../kubernetes/exec.ts";
import type { Cluster } from "../../../../kubernetes/liveCluster.ts";
import type { Packet } from "../../../../netfilter/model.ts";
import { capture } from "../../../../verification/trace/capture.ts";
import { captureOf, fixture } from "./traceLab.ts";

const tracer: Runner = { exec: { namespace: "default", pod: "node-probe-1", container: "probe" } };
const [file, , packet] = captureOf("own-node.xtables.txt");
const table = "nodeport-lab-trace-20010";

/** A pod whose nft answers the table's definition with `answer`, and whose monitor has seen `trace` in the end. */
function pod(answer: string, trace = fixture(file)) {
	const said: string[] = [];
	const run = vi.fn((_: Runner, __: string[], ___: number, dialogue?: Dialogue) => {
		return new Promise<Ran>((resolve) => {
			dialogue?.stdin.on("data", (data) => {
				const text = String(data);
				said.push(text);
				if (text.startsWith("add table")) dialogue.onOutput(answer);
				if (text === "quit\n") resolve({ code: 0, stdout: `table ip ${table} {\n}\n${trace}`, stderr: "" });
			});
		});
	});
	return { cluster: { run } as unknown as Cluster, said, run };
}

const listed = `table ip ${table} { # progname nft\n`;

it("matches the packet with a table that belongs to its process, sends it, and reads the trace", async () => {
	const { cluster, said, run } = pod(listed);
	const send = vi.fn(async () => expect(said).toHaveLength(1));
	const passages = await capture(cluster, tracer, "iptables-nft", packet, send);
	expect(send).toHaveBeenCalledOnce();
	expect(said[0]).toContain(`add table ip ${table} { flags owner; chain prerouting {`);
	expect(said[0]).toContain("ip daddr 172.18.0.6 tcp sport 20010 tcp dport 30042 tcp flags & (fin|syn|rst|ack) == syn");
	expect(said[1]).toBe("quit\n");
	expect(run.mock.calls[0]?.[1].slice(-2)).toEqual(["xtables-monitor", "--trace"]);
	expect(passages[0]?.steps[0]?.table).toBe("raw");
	expect(passages.some(({ steps }) => steps.some((step) => step.table === table))).toBe(false);
});

it("matches by source address if the source port isn't known, and IPv6 in a table of that family", async () => {
	const { sourcePort: _, ...unknown } = packet;
	const other: Packet = { ...unknown, family: "ipv6", source: "fd00::1", destination: "fd00::2" };
	const { cluster, said } = pod("Error: no\n");
	await capture(cluster, tracer, "nftables", other, async () => {}).catch(() => {});
	expect(said[0]).toContain("add table ip6 nodeport-lab-trace-30042");
	expect(said[0]).toContain("ip6 daddr fd00::2 ip6 saddr fd00::1 tcp dport 30042");
});

it("matches a datagram by its ports alone", async () => {
	const { cluster, said } = pod(listed);
	await capture(cluster, tracer, "iptables-nft", { ...packet, protocol: "udp" }, async () => {}).catch(() => {});
	expect(said[0]).toContain("ip daddr 172.18.0.6 udp sport 20010 udp dport 30042 meta nftrace set 1");
});

it.each([
	["iptables-nft", "ipv4", ["xtables-monitor", "--trace"]],
	["iptables-nft", "ipv6", ["nft", "--handle", "monitor", "trace"]],
	["nftables", "ipv4", ["nft", "--handle", "monitor", "trace"]],
	["nftables", "ipv6", ["nft", "--handle", "monitor", "trace"]],
] as const)("the rules of %s for %s are printed by %j", async (backend, family, monitor) => {
	const ends = family === "ipv6" ? { source: "fd00::1", destination: "fd00::2" } : {};
	const { cluster, run } = pod("Error: no\n");
	await capture(cluster, tracer, backend, { ...packet, family, ...ends }, async () => {}).catch(() => {});
	expect(run.mock.calls[0]?.[1].slice(-monitor.length)).toEqual(monitor);
});

it("ends the trace if the client can't send", async () => {
	const { cluster, said } = pod(listed);
	const send = async () => {
		throw new Error("no client");
	};
	await expect(capture(cluster, tracer, "iptables-nft", packet, send)).rejects.toThrow("no client");
	expect(said.at(-1)).toBe("quit\n");
});

it("reports why nft refuses the table, and sends nothing", async () => {
	const { cluster, said } = pod("Error: Could not process rule: Operation not supported\n");
	const send = vi.fn();
	await expect(capture(cluster, tracer, "iptables-nft", packet, send)).rejects.toMatchObject({
		failure: { kind: "nftRefused", message: "Error: Could not process rule: Operation not supported" },
	});
	expect(send).not.toHaveBeenCalled();
	expect(said.at(-1)).toBe("quit\n");
});

it("reports why the tracer ended at once", async () => {
	const cluster = {
		run: async () => ({ code: 127, stdout: "", stderr: "sh: nft: not found\n" }),
	} as unknown as Cluster;
	await expect(capture(cluster, tracer, "nftables", packet, async () => {})).rejects.toMatchObject({
		failure: { kind: "tracerEnded", message: "sh: nft: not found" },
	});
});

it("reports that the monitor ended early", async () => {
	const { cluster, run } = pod(listed);
	const inPod = run.getMockImplementation();
	run.mockImplementation(async (...args) => ({
		...(await inPod?.(...args)),
		code: 1,
		stdout: "",
		stderr: "error: gone",
	}));
	await expect(capture(cluster, tracer, "iptables-nft", packet, async () => {})).rejects.toMatchObject({
		failure: { kind: "monitorEnded", message: "error: gone" },
	});
});

it.each([
	["unseen", ""],
	["ambiguous", fixture(file) + fixture(file).replaceAll("ID=", "ID=9").replaceAll("SPORT=20010", "SPORT=7")],
])("fails if the packet is %s", async (kind, trace) => {
	await expect(
		capture(pod(listed, trace).cluster, tracer, "iptables-nft", packet, async () => {}),
	).rejects.toMatchObject({ failure: { kind } });
});

it("takes the first SYN, not a retransmission", async () => {
	const repeated = fixture(file) + fixture(file).replaceAll("ID=", "ID=9");
	const once = await capture(pod(listed).cluster, tracer, "iptables-nft", packet, async () => {});
	expect(await capture(pod(listed, repeated).cluster, tracer, "iptables-nft", packet, async () => {})).toEqual(once);
});

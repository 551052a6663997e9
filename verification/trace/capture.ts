/** Traces one packet in a node's kernel with an nftables table that exists only during the trace. */
import { PassThrough } from "node:stream";
import type { Runner } from "../../kubernetes/clients.ts";
import type { Ran } from "../../kubernetes/exec.ts";
import type { Cluster } from "../../kubernetes/liveCluster.ts";
import type { Backend, Family, Packet } from "../../netfilter/model.ts";
import { TraceError } from "./model.ts";
import { type Passage, packetsOf, parseNftTrace, parseXtablesTrace } from "./parse.ts";

/** The kernel removes the table after this time, even if the connection breaks. */
const remoteSeconds = 30;

/** How long the monitor and the table may take to start, on a busy machine too. */
const readySeconds = 20;

/** Legacy iptables writes its traces to the kernel's log. */
export type TracingBackend = Exclude<Backend, "iptables-legacy">;

const monitors = {
	// Prints rules as iptables-save does.
	xtables: { program: ["xtables-monitor", "--trace"], parse: parseXtablesTrace },
	nft: { program: ["nft", "--handle", "monitor", "trace"], parse: parseNftTrace },
};

/**
 * The monitor of the tool that keeps the node's rules. xtables-monitor 1.8.9 ends at an IPv6 rule with a port: it parses the
 * rule as one of IPv4 (nft_parse_transport in iptables/nft-shared.c). nft's monitor prints the handles of iptables' rules.
 */
export const monitorFor = (backend: TracingBackend, family: Family): keyof typeof monitors =>
	backend === "iptables-nft" && family === "ipv4" ? "xtables" : "nft";

/**
 * Runs the monitor that its arguments name, and nft with the commands on stdin, for a limited time. When nft has ended, it
 * waits until the monitor has read the bytes in its netlink socket of group 9 (NFNLGRP_NFTRACE).
 */
const script = `
unread() {
	for socket in /proc/$monitor/fd/*; do
		inode=$(readlink "$socket" | tr -cd 0-9)
		awk -v inode="$inode" '$10 == inode && $4 ~ /[13579bdf]..$/ { print $5 }' /proc/net/netlink
	done
}
await() {
	for try in $(seq 300); do
		"$@" && return
		kill -0 $monitor || exit
		sleep 0.03
	done
}
listening() { [ -n "$(unread)" ]; }
drained() { [ "$(unread)" = 0 ]; }
"$@" &
monitor=$!
trap 'kill $monitor' EXIT
await listening
timeout ${remoteSeconds} nft --interactive
await drained
sleep 0.1
`;

/** The name of a trace's table: this prefix and the packet's port. */
export const tablePrefix = "nodeport-lab-trace-";

/**
 * The passages of the packet that `send` sends, without those of the trace's own table.
 * @param packet matched by its source port or, if that isn't known, by its source address
 * @throws TraceError
 */
export async function capture(
	cluster: Cluster,
	tracer: Runner,
	backend: TracingBackend,
	packet: Packet,
	send: () => Promise<void>,
): Promise<Passage[]> {
	const monitor = monitors[monitorFor(backend, packet.family)];
	const table = `${tablePrefix}${packet.sourcePort ?? packet.destinationPort}`;
	const tracing = new Tracing(cluster, tracer, monitor.program);
	let ran: Ran;
	try {
		await tracing.install(table, packet);
		await send();
	} finally {
		ran = await tracing.end();
	}
	const { code, stdout, stderr } = ran;
	// xtables-monitor fails if a rule that it wants to print has just been replaced.
	if (code !== 0) throw new TraceError({ kind: "monitorEnded", message: errorsIn(stderr) });
	return chosen(packetsOf(monitor.parse(stdout)), table);
}

/** A monitor and an nft that run in a pod. */
class Tracing {
	private readonly stdin = new PassThrough();
	private readonly running: Promise<Ran>;
	private output = "";
	private onMore: () => void = () => {};

	constructor(cluster: Cluster, tracer: Runner, monitor: string[]) {
		const program = ["sh", "-c", script, "sh", ...monitor];
		this.running = cluster.run(tracer, program, remoteSeconds + readySeconds, {
			stdin: this.stdin,
			onOutput: (soFar) => {
				this.output = soFar;
				this.onMore();
			},
		});
	}

	/** Resolves when the table exists; the monitor starts before it. */
	install(table: string, packet: Packet): Promise<void> {
		const family = packet.family === "ipv4" ? "ip" : "ip6";
		return new Promise((resolve, reject) => {
			const timer = setTimeout(
				() => reject(new TraceError({ kind: "late", seconds: readySeconds, output: this.output })),
				readySeconds * 1000,
			);
			this.onMore = () => {
				if (/^Error: /m.test(this.output))
					reject(new TraceError({ kind: "nftRefused", message: errorsIn(this.output) }));
				else if (this.output.includes(`table ${family} ${table} {`)) resolve();
				else return;
				clearTimeout(timer);
			};
			this.running.then(({ stderr }) => {
				clearTimeout(timer);
				reject(new TraceError({ kind: "tracerEnded", message: errorsIn(stderr) }));
			});
			this.stdin.write(`${traceTable(family, table, packet)}\nlist table ${family} ${table}\n`);
		});
	}

	end(): Promise<Ran> {
		// The kernel removes the table with the process that owns it: now, after a broken connection, or after 15 s.
		this.stdin.write("quit\n");
		return this.running;
	}
}

/** The errors in a tool's output, without its messages about terminals. */
const errorsIn = (output: string): string =>
	output
		.split("\n")
		.filter((line) => /error|not found|no answer|closed/i.test(line))
		.join("; ") || output.trim();

/**
 * A table that traces the packet and its retransmissions, of TCP only the SYN, before any other rule (raw has priority -300). With the
 * flag "owner" only the process that created the table can change it, and the kernel removes it with that process.
 */
export function traceTable(family: "ip" | "ip6", table: string, packet: Packet): string {
	const { source, sourcePort, destination, destinationPort, protocol } = packet;
	const sender = sourcePort === undefined ? `${family} saddr ${source}` : `${protocol} sport ${sourcePort}`;
	const first = protocol === "tcp" ? " tcp flags & (fin|syn|rst|ack) == syn" : "";
	const rule = `${family} daddr ${destination} ${sender} ${protocol} dport ${destinationPort}${first}`;
	const chains = ["prerouting", "output"].map(
		(hook) => `chain ${hook} { type filter hook ${hook} priority -301; ${rule} meta nftrace set 1; };`,
	);
	return `add table ${family} ${table} { flags owner; ${chains.join(" ")} }`;
}

/** The only packet that the table matched, without the steps of this and other traces' tables. */
function chosen(packets: Passage[][], table: string): Passage[] {
	const chose = ({ steps: [first] }: Passage) => first?.table === table && first.kind === "rule";
	const [packet, other] = packets.filter((passages) => passages.some(chose));
	if (!packet) throw new TraceError({ kind: "unseen" });
	const repeated = other?.[0]?.packet.sourcePort === packet[0]?.packet.sourcePort;
	if (other && !repeated) throw new TraceError({ kind: "ambiguous" });
	return packet.filter(({ steps: [first] }) => !first?.table.startsWith(tablePrefix));
}

/** Has a node's kernel trace one packet, by a table of nftables that lives no longer than the tracing. */
import { PassThrough } from "node:stream";
import type { Runner } from "../../kubernetes/clients.ts";
import type { Ran } from "../../kubernetes/exec.ts";
import type { Cluster } from "../../kubernetes/liveCluster.ts";
import type { Backend, Packet } from "../../netfilter/model.ts";
import { type Passage, packetsOf, parseNftTrace, parseXtablesTrace } from "./parse.ts";

/** Whatever becomes of the connection, the table in the kernel lives no longer than this. */
const remoteSeconds = 15;

/** How long the monitor and the table may take to be there. */
const readySeconds = 5;

/** Legacy iptables writes its traces to the kernel's log. */
export type TracingBackend = Exclude<Backend, "iptables-legacy">;

/** What tells how the kernel treats packets, in the words of the tool that keeps the node's rules. */
const monitors: Record<TracingBackend, { program: string[]; parse: typeof parseNftTrace }> = {
	// The rules of iptables as iptables-save prints them.
	"iptables-nft": { program: ["xtables-monitor", "--trace"], parse: parseXtablesTrace },
	nftables: { program: ["nft", "--handle", "monitor", "trace"], parse: parseNftTrace },
};

/**
 * Runs the monitor given as arguments, and nft on the commands that come on stdin, for 15 s at most. Once nft has ended,
 * waits until the monitor has read what the kernel still had for it: the bytes in its socket of group 9, NFNLGRP_NFTRACE.
 */
const script = `
unread() {
	for socket in /proc/$monitor/fd/*; do
		inode=$(readlink "$socket" | tr -cd 0-9)
		awk -v inode="$inode" '$10 == inode && $4 ~ /[13579bdf]..$/ { print $5 }' /proc/net/netlink
	done
}
await() {
	for try in $(seq 100); do
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

/** Every table of a trace is named so, and after the port that tells its packet. */
export const tablePrefix = "nodeport-lab-trace-";

/**
 * What the node's kernel does with the packet that `send` sends: its passages, without those of the trace's own table.
 * @param packet told from others by its source port or, where that is not known, by its source address
 * @throws where the node cannot trace, or did not see the packet
 */
export async function capture(
	cluster: Cluster,
	tracer: Runner,
	backend: TracingBackend,
	packet: Packet,
	send: () => Promise<void>,
): Promise<Passage[]> {
	const monitor = monitors[backend];
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
	// xtables-monitor gives up where a rule that it wants to show has been replaced meanwhile.
	if (code !== 0) throw new Error(`its monitor ended early: ${complaint(stderr)}`);
	return chosen(packetsOf(monitor.parse(stdout)), table);
}

/** A monitor and an nft at work in a pod. */
class Tracing {
	private readonly stdin = new PassThrough();
	private readonly running: Promise<Ran>;
	private said = "";
	private onMore: () => void = () => {};

	constructor(cluster: Cluster, tracer: Runner, monitor: string[]) {
		const program = ["sh", "-c", script, "sh", ...monitor];
		this.running = cluster.run(tracer, program, remoteSeconds + readySeconds, {
			stdin: this.stdin,
			onOutput: (soFar) => {
				this.said = soFar;
				this.onMore();
			},
		});
	}

	/** Comes back once the table is there, and so the monitor, which is started before it. */
	install(table: string, packet: Packet): Promise<void> {
		const family = packet.family === "ipv4" ? "ip" : "ip6";
		return new Promise((resolve, reject) => {
			const timer = setTimeout(
				() => reject(new Error(`no trace began within ${readySeconds} s: ${this.said}`)),
				readySeconds * 1000,
			);
			this.onMore = () => {
				if (/^Error: /m.test(this.said)) reject(new Error(`nft refuses the trace: ${complaint(this.said)}`));
				else if (this.said.includes(`table ${family} ${table} {`)) resolve();
				else return;
				clearTimeout(timer);
			};
			this.running.then(({ stderr }) => {
				clearTimeout(timer);
				reject(new Error(`its tracer ended at once: ${complaint(stderr)}`));
			});
			this.stdin.write(`${traceTable(family, table, packet)}\nlist table ${family} ${table}\n`);
		});
	}

	end(): Promise<Ran> {
		// The kernel removes the table with the process that owns it: now, when the connection breaks, or after 15 s.
		this.stdin.write("quit\n");
		return this.running;
	}
}

/** The errors in what a tool said, without its talk of terminals. */
const complaint = (said: string): string =>
	said
		.split("\n")
		.filter((line) => /error|not found|no answer|closed/i.test(line))
		.join("; ") || said.trim();

/**
 * A table that chooses the packet's first SYN and its repetitions, earlier than any other rule (raw has -300). Flag
 * "owner": only the process that made it can change it, and the kernel removes it with that process, however it ends.
 */
export function traceTable(family: "ip" | "ip6", table: string, packet: Packet): string {
	const { source, sourcePort, destination, destinationPort, protocol } = packet;
	const sender = sourcePort === undefined ? `${family} saddr ${source}` : `${protocol} sport ${sourcePort}`;
	const rule = `${family} daddr ${destination} ${sender} ${protocol} dport ${destinationPort}`;
	const chains = ["prerouting", "output"].map(
		(hook) =>
			`chain ${hook} { type filter hook ${hook} priority -301; ${rule} tcp flags & (fin|syn|rst|ack) == syn meta nftrace set 1; };`,
	);
	return `add table ${family} ${table} { flags owner; ${chains.join(" ")} }`;
}

/** Why a trace failed where nothing went wrong: of several ways the packet takes one. */
export const unseen = "its kernel did not see the packet, which may have gone another way";

/** Of the packets that the table chose, the only one; what it and the tables of other traces did with it is left out. */
function chosen(packets: Passage[][], table: string): Passage[] {
	const chose = ({ steps: [first] }: Passage) => first?.table === table && first.kind === "rule";
	const [packet, other] = packets.filter((passages) => passages.some(chose));
	if (!packet) throw new Error(unseen);
	const repeated = other?.[0]?.packet.sourcePort === packet[0]?.packet.sourcePort;
	if (other && !repeated) throw new Error("its kernel saw several packets that may be the one");
	return packet.filter(({ steps: [first] }) => !first?.table.startsWith(tablePrefix));
}

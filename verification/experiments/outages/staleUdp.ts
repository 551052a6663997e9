import type { Node } from "../../../kubernetes/model.ts";
import { poll } from "../../../lib/poll.ts";
import { withPort } from "../../../netfilter/address.ts";
import { parseConntrack } from "../../diagnosis/findings/staleConntrack.ts";
import type { Observed, Outcome } from "../../model.ts";
import type { MeasuredSubject, Measurement } from "../model.ts";
import type { Experiment, Lab } from "../support/experiment.ts";
import type { LabSnapshot } from "../support/labSnapshot.ts";
import { distinct, isAmong, type Result, resultOf, silence } from "../support/measurements.ts";
import { failingOf, type Sent } from "../support/requestStream.ts";
import { UdpService } from "../support/udpService.ts";

/** How long rules may take to change, in seconds. */
const stateSeconds = 60;

/** How long kube-proxy may take to delete entries of conntrack, in seconds: it does so right after it has written its rules. */
const reaction = 30;

/** The source port that the client keeps. */
const keptPort = 40_001;

type Condition = Extract<MeasuredSubject, { kind: "datagram" }>["condition"];

export const staleUdp: Experiment = {
	name: "stale-udp",
	title: "A UDP client that keeps its source port keeps its destination",
	question: "When do changed rules apply to a UDP client that keeps its source port?",
	workers: 1,
	changes: () => [{ protocols: "both" }],
	async measure(lab, snapshot) {
		const service = await UdpService.create(lab, snapshot);
		const client = new DatagramClient(lab, snapshot, service.nodePort);
		await client.reach("refused");
		lab.say("adding a nodePort that a client calls already");
		await service.setNodePort();
		const added = await client.measure("nodePortAdded", "ok");
		await client.forget(snapshot);
		const forgotten = await client.measure("entryDeleted", "ok");
		lab.say("removing the only endpoint");
		await service.scale(0);
		const gone = await client.measure("endpointRemoved", "refused");
		lab.say("adding another endpoint");
		await service.scale(1);
		const back = await client.measure("endpointAdded", "ok");
		lab.say("removing the Service");
		await service.remove();
		const removed = await client.measure("serviceRemoved", "refused");
		return [...added, ...forgotten, ...gone, ...back, ...removed];
	},
};

/** The client outside the cluster: with a new source port for each datagram, and with one that it keeps. */
class DatagramClient {
	private readonly lab: Lab;
	/**
	 * The entry node: not the pod's. With a pod's interface the kernel deletes the entries that are masqueraded there
	 * (net/netfilter/nf_nat_masquerade.c).
	 */
	private readonly node: Node;
	private readonly host: Node;
	private readonly nodePort: number;
	/** The last answer to the kept port. */
	private answer: Result | undefined;

	constructor(lab: Lab, snapshot: LabSnapshot, nodePort: number) {
		const node = snapshot.objects.nodes.find(({ name }) => name !== snapshot.host.name);
		if (!node) throw new Error("the cluster has only one node");
		this.lab = lab;
		this.node = node;
		this.host = snapshot.host;
		this.nodePort = nodePort;
	}

	/** "address:nodePort" */
	private get address(): string {
		return withPort(this.node.internalIp, this.nodePort);
	}

	/**
	 * Reads the rules until a first packet's outcome is this one. Meanwhile the kept port is used, so that its entry of
	 * conntrack doesn't expire: after 30 s without a packet (nf_conntrack_udp_timeout).
	 */
	async reach(outcome: Outcome): Promise<LabSnapshot> {
		const read = async () => {
			const rulesOn = [this.node.name, this.host.name];
			const snapshot = (await this.lab.snapshot({ rulesOn })).inView({ protocol: "udp" });
			await this.send(snapshot, keptPort);
			return snapshot;
		};
		const until = (snapshot: LabSnapshot) =>
			snapshot.predict(snapshot.outside, this.address).every((predicted) => predicted.outcome === outcome);
		const limit = { interval: 500, seconds: stateSeconds, signal: this.lab.signal };
		const snapshot = await poll(read, { ...limit, until });
		if (until(snapshot)) return snapshot;
		throw new Error(`by its rules, ${this.node.name} doesn't have the outcome "${outcome}" after ${stateSeconds} s`);
	}

	/** Sends one datagram from a new port and one from the kept port, once the rules have this outcome for the new one. */
	async measure(condition: Condition, outcome: Outcome): Promise<Measurement[]> {
		const snapshot = await this.reach(outcome);
		const predicted = distinct(snapshot.predict(snapshot.outside, this.address).map(resultOf));
		const subject = { kind: "datagram" as const, client: snapshot.outside.name, node: this.node.name, condition };
		const about = { ...subject, address: this.address };
		const journey = snapshot.recordedJourney(snapshot.outside, this.address);
		const fresh = { subject: about, ...compared(predicted, resultOf(await this.send(snapshot))), journey };
		const trackedTo = await this.trackedTo(snapshot);
		const kept = { ...about, sourcePort: keptPort, ...(trackedTo && { trackedTo }) };
		return [fresh, { subject: kept, ...(await this.measureKept(snapshot, condition, predicted)) }];
	}

	/** What becomes of the kept port follows from its entry: kube-proxy deletes it only if an endpoint of the Service changes. */
	private async measureKept(
		snapshot: LabSnapshot,
		condition: Condition,
		predicted: Result[],
	): Promise<Omit<Measurement, "subject">> {
		if (condition === "endpointAdded") return this.measureCleanup(snapshot);
		const observed = await this.send(snapshot, keptPort);
		const result = resultOf(observed);
		if (condition === "endpointRemoved") return silence(observed);
		// The entry is of the node itself, where nothing listens.
		if (condition === "nodePortAdded") return compared([{ outcome: "refused" }], result);
		if (condition === "serviceRemoved") return compared(this.answer ? [this.answer] : [], result);
		this.answer = result;
		return compared(predicted, result);
	}

	/** How long it takes until the kept port is answered. */
	private async measureCleanup(snapshot: LabSnapshot): Promise<Omit<Measurement, "subject">> {
		const began = performance.now();
		const sent: Sent[] = [];
		const send = async () => {
			const at = (performance.now() - began) / 1000;
			const observed = await this.send(snapshot, keptPort);
			this.answer = resultOf(observed);
			sent.push({ at, seconds: (performance.now() - began) / 1000 - at, isAnswered: observed.outcome === "ok" });
			return observed.outcome === "ok";
		};
		const ok = await poll(send, { interval: 200, seconds: reaction, signal: this.lab.signal });
		return { expected: { kind: "losses", until: "rulesChange", atMost: reaction }, measured: failingOf(sent), ok };
	}

	/** Deletes the kept port's entry of conntrack. */
	async forget(snapshot: LabSnapshot): Promise<void> {
		await this.conntrack(snapshot, "-D");
	}

	/** Where the entry sends the kept port's packets: "address:port"; undefined: there isn't one. */
	private async trackedTo(snapshot: LabSnapshot): Promise<string | undefined> {
		return parseConntrack(await this.conntrack(snapshot, "-L"))[0]?.to;
	}

	/** @returns what it prints; nothing if there is no entry */
	private async conntrack(snapshot: LabSnapshot, action: "-L" | "-D"): Promise<string> {
		const ports = ["--orig-port-dst", String(this.nodePort), "--orig-port-src", String(keptPort)];
		const { run } = snapshot.on(this.node);
		return (
			await snapshot.cluster.run(run, ["conntrack", action, "-f", snapshot.objects.family, "-p", "udp", ...ports], 10)
		).stdout;
	}

	private send(snapshot: LabSnapshot, sourcePort?: number): Promise<Observed> {
		const options = sourcePort === undefined ? [] : ["--local-port", String(sourcePort)];
		return snapshot.send(snapshot.outside, this.address, options);
	}
}

const compared = (expected: Result[], measured: Result): Omit<Measurement, "subject"> => ({
	expected: { kind: "results", results: expected },
	measured: { kind: "results", results: [measured] },
	ok: isAmong(expected, measured),
});

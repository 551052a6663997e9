import type { Node } from "../../kubernetes/model.ts";
import type { PlacedClient, SnapshotScope } from "../../kubernetes/snapshot.ts";
import { poll } from "../../lib/poll.ts";
import type { Measurement } from "./model.ts";
import type { Experiment, Lab } from "./support/experiment.ts";
import { extraService } from "./support/extraService.ts";
import type { LabSnapshot } from "./support/labSnapshot.ts";
import { distinct, isAmong, type Result, resultOf, same } from "./support/measurements.ts";

/** With 3 pods, a client that isn't remembered reaches one pod as often by chance once in 20,000 times. */
const repetitions = 10;

export const affinity: Experiment = {
	name: "affinity",
	title: "Session affinity is each node's own memory of addresses",
	question: "Which requests does sessionAffinity ClientIP send to the same pod?",
	workers: 3,
	changes: ({ workers }) => [{ replicas: 3, echoNodes: workers.slice(0, 3).map(({ name }) => name) }],
	async measure(lab, snapshot) {
		const sticky = await StickyService.create(lab, snapshot);
		const { inside, outside } = snapshot;
		const { own, entry, other, neighbour } = partsOf(snapshot);
		return [
			...(await sticky.send([{ client: inside, entry }])),
			...(await sticky.send([
				{ client: inside, entry, remembered: inside },
				{ client: neighbour, entry, remembered: inside },
				{ client: outside, entry },
				{ client: inside, entry: other },
				{ client: inside, entry: own },
			])),
			// A pod's own node sees the pod's own address.
			...(await sticky.send([{ client: neighbour, entry: own }])),
			...(await sticky.memories()),
		];
	},
};

/** The client pod's node, two others, and another client on the client pod's node: a pod if it has one. */
function partsOf(snapshot: LabSnapshot) {
	const { objects, inside } = snapshot;
	const { node, ip } = inside.place;
	const own = objects.nodes.find(({ name }) => name === node);
	const [entry, other] = objects.nodes.filter(({ name }) => name !== node);
	if (!own || !entry || !other) throw new Error("the cluster has fewer than three nodes");
	const pods = objects.clients.filter(({ place }) => place.network === "pod" && place.node === node);
	return { own, entry, other, neighbour: pods.find(({ place }) => place.ip !== ip) ?? snapshot.on(own) };
}

interface Sent {
	client: PlacedClient;
	entry: Node;
	/** The client that the entry node takes this one for; absent: it remembers neither. */
	remembered?: PlacedClient;
}

/** Another Service of the lab's pods, with session affinity: no node remembers any client of it yet. */
class StickyService {
	private readonly lab: Lab;
	private readonly service: SnapshotScope["service"];
	/** By entry node: the addresses that it has seen. */
	private readonly seen = new Map<string, Set<string>>();

	private constructor(lab: Lab, service: SnapshotScope["service"]) {
		this.lab = lab;
		this.service = service;
	}

	static async create(lab: Lab, snapshot: LabSnapshot): Promise<StickyService> {
		const { metadata } = await extraService(lab, snapshot, "sticky", { sessionAffinity: "ClientIP" });
		const { namespace = "", name = "" } = metadata ?? {};
		const sticky = new StickyService(lab, { namespace, name });
		lab.say("waiting until every node has the rules of another Service");
		await poll(() => sticky.snapshot(), { interval: 1000, seconds: 60, signal: lab.signal, until: isServedEverywhere });
		return sticky;
	}

	private snapshot(): Promise<LabSnapshot> {
		return this.lab.snapshot({ service: this.service });
	}

	/** Reads the rules, then sends the requests; none of them may change what is predicted for another one. */
	async send(all: readonly Sent[]): Promise<Measurement[]> {
		const snapshot = await this.snapshot();
		return Promise.all(all.map((sent) => this.measure(snapshot, sent)));
	}

	private async measure(snapshot: LabSnapshot, { client, entry, remembered }: Sent): Promise<Measurement> {
		const address = snapshot.addressOf(entry);
		const seenAs = sourceAt(snapshot, client, entry);
		this.seen.set(entry.name, new Set([...(this.seen.get(entry.name) ?? []), seenAs]));
		const { ip } = client.place;
		const about = { client: client.name, ...(ip && { clientIp: ip }), node: entry.name, address, seenAs };
		const requests = remembered ? repetitions : 1;
		const measured: Result[] = [];
		for (let i = 0; i < requests; i++) measured.push(resultOf(await snapshot.send(client, address)));
		const expected = snapshot.predict(client, address).map(resultOf);
		const pods = remembered ? 1 : snapshot.objects.endpoints.length;
		return {
			subject: { kind: "affinity", ...about, requests, ...(remembered && { remembered: remembered.name }) },
			expected: { kind: "results", results: distinct(expected) },
			measured: { kind: "results", results: distinct(measured) },
			ok: measured.every((result) => isAmong(expected, result)) && distinct(expected).length === pods,
			journey: snapshot.recordedJourney(client, address),
		};
	}

	/** What every node remembers now. */
	async memories(): Promise<Measurement[]> {
		const snapshot = await this.snapshot();
		const addresses = (all: readonly string[]) => ({ kind: "addresses" as const, addresses: [...all] });
		return snapshot.objects.nodes.map(({ name }) => {
			const remembered = snapshot.rememberedOn(name);
			const seen = [...(this.seen.get(name) ?? [])].sort();
			return same({ kind: "remembered", node: name }, addresses(seen), addresses(remembered));
		});
	}
}

const isServedEverywhere = (snapshot: LabSnapshot): boolean =>
	snapshot.objects.nodes.every((node) =>
		snapshot.predict(snapshot.outside, snapshot.addressOf(node)).every(({ outcome }) => outcome === "ok"),
	);

/** The client's address as the entry node sees it: it is stored before the node's own masquerade. */
function sourceAt(snapshot: LabSnapshot, client: PlacedClient, entry: Node): string {
	const [branch] = snapshot.journey(client, snapshot.addressOf(entry));
	const leg = branch?.legs.find(({ node }) => node === entry.name);
	if (!leg) throw new Error(`by the rules, a packet of ${client.name} doesn't reach ${entry.name}`);
	return leg.packet.source;
}

/** The lab as an experiment finds it: who asks, what the rules foretell of it, and what comes of asking. */
import type { Cluster } from "../../../kubernetes/liveCluster.ts";
import type { Node } from "../../../kubernetes/model.ts";
import type { ClusterSnapshot, PlacedClient } from "../../../kubernetes/snapshot.ts";
import { withPort } from "../../../netfilter/address.ts";
import { journeysText } from "../../../report/journeyText.ts";
import { parseDestination } from "../../journey/destination.ts";
import { type Journey, journeys, observationOf } from "../../journey/journey.ts";
import type { Observed, ProxyMode } from "../../model.ts";
import { answerOf, ask } from "../../probe.ts";
import type { Ruleset } from "../../ruleset.ts";

/** One of many requests that a client sends one after the other, each by a connection of its own. */
export interface Answered {
	/** Absent: nobody answered. */
	node?: string;
	podIp?: string;
	/** From the connection's beginning to the answer's end. */
	seconds: number;
}

/** Longest time for one of many requests. */
const requestSeconds = 2;

export class LabSnapshot {
	readonly cluster: Cluster;
	readonly objects: ClusterSnapshot;
	private readonly rulesets: ReadonlyMap<string, Ruleset>;

	constructor(cluster: Cluster, objects: ClusterSnapshot, rulesets: ReadonlyMap<string, Ruleset>) {
		this.cluster = cluster;
		this.objects = objects;
		this.rulesets = rulesets;
	}

	/** The lab's client pod. */
	get inside(): PlacedClient {
		return this.client(({ place }) => place.network === "pod", "in a pod");
	}

	/** The client beside the nodes. */
	get outside(): PlacedClient {
		return this.client(({ place }) => place.network === "outside", "outside the cluster");
	}

	/** A node's own processes. */
	on(node: Node): PlacedClient {
		return this.client(({ place }) => place.network === "node" && place.node === node.name, `on ${node.name}`);
	}

	private client(is: (client: PlacedClient) => boolean, where: string): PlacedClient {
		const client = this.objects.clients.find(is);
		if (!client) throw new Error(`the lab has no client ${where}`);
		return client;
	}

	get proxyMode(): ProxyMode {
		return [...this.rulesets.values()][0]?.proxyMode ?? "unknown";
	}

	get workers(): Node[] {
		return this.objects.nodes.filter(({ role }) => role === "worker");
	}

	/** The first node with an endpoint of the Service. */
	get host(): Node {
		const [node] = this.nodes({ endpoints: true });
		if (!node) throw new Error("the Service has no endpoint");
		return node;
	}

	/** Those with an endpoint of the Service, or those without. */
	nodes({ endpoints }: { endpoints: boolean }): Node[] {
		const hosts = this.objects.endpoints.map(({ node }) => node);
		return this.objects.nodes.filter(({ name }) => hosts.includes(name) === endpoints);
	}

	/** "address:nodePort" */
	url({ internalIp }: Pick<Node, "internalIp">): string {
		return withPort(internalIp, this.objects.service.nodePort);
	}

	/** All ways of the client's first packet. */
	ways(client: PlacedClient, to: string): Journey[] {
		return journeys(this.objects, this.rulesets, client.place, parseDestination(this.objects, to));
	}

	/** What the client would see, each of the possibilities once. */
	predict(client: PlacedClient, to: string): Observed[] {
		return this.ways(client, to).map(({ end }) => observationOf(end));
	}

	/** The packet's ways in words, with the rules. */
	path(client: PlacedClient, to: string): string {
		return journeysText(this.ways(client, to), this.objects);
	}

	async ask(client: PlacedClient, to: string): Promise<Observed> {
		return (await ask(this.cluster, client, to)).observed;
	}

	/** @throws where the client's program ends before it has sent them all */
	async askOften(client: PlacedClient, to: string, count: number): Promise<Answered[]> {
		const told = "\\n%{time_total}\\n";
		const options = ["--silent", "--max-time", String(requestSeconds), "--header", "Connection: close"];
		const program = ["curl", ...options, "--write-out", told, `http://${to}/host?[1-${count}]`];
		const { stdout, stderr } = await this.cluster.run(client.run, program, 60 + count * 0.1);
		const lines = stdout.split("\n").filter(Boolean);
		const answers: Answered[] = [];
		for (const [i, line] of lines.entries()) {
			if (!/^\d+\.\d+$/.test(line)) continue;
			const { node, podIp } = answerOf(lines[i - 1] ?? "") ?? {};
			answers.push({ ...(node && { node }), ...(podIp && { podIp }), seconds: Number(line) });
		}
		if (answers.length !== count) {
			throw new Error(`${client.name} sent ${answers.length} of ${count} requests to ${to}: ${stderr.trim()}`);
		}
		return answers;
	}
}

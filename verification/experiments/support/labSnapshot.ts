/** The state of the lab during an experiment: its clients, the predictions from its rules, and requests to it. */
import type { Cluster } from "../../../kubernetes/liveCluster.ts";
import type { Node } from "../../../kubernetes/model.ts";
import {
	type ClusterSnapshot,
	type PlacedClient,
	type ViewName,
	viewName,
	viewsOf,
} from "../../../kubernetes/snapshot.ts";
import { withPort } from "../../../netfilter/address.ts";
import { destinationOf } from "../../journey/destination.ts";
import { type Branch, journeyOf, observationOf } from "../../journey/journey.ts";
import type { JourneyWithHops } from "../../journey/model.ts";
import { recordJourney } from "../../journey/recordJourneys.ts";
import type { Observed, ProxyMode } from "../../model.ts";
import { answerOf, sendRequest } from "../../probe.ts";
import type { Ruleset } from "../../ruleset.ts";

/** The result of one of many requests, each with its own connection. */
export interface Result {
	/** Absent: no answer came. */
	node?: string;
	podIp?: string;
	/** From the start of the connection to the end of the answer. */
	seconds: number;
	/** Until the connection is established. */
	connectSeconds: number;
}

interface Many {
	/** At most so many requests are sent. @default no limit */
	perSecond?: number;
	/** The time limit for one of them. @default 2 */
	seconds?: number;
	/** Whether the first one without an answer is the last one. @default false */
	failEarly?: boolean;
}

/** The lab in one view: `objects`, predictions and requests are of one address family and one protocol. */
export class LabSnapshot {
	readonly cluster: Cluster;
	readonly objects: ClusterSnapshot;
	private readonly rulesets: ReadonlyMap<string, Ruleset>;
	private readonly views: readonly ClusterSnapshot[];

	/** @param objects the first view: experiments that don't ask for another one use it */
	constructor(
		cluster: Cluster,
		objects: ClusterSnapshot,
		rulesets: ReadonlyMap<string, Ruleset>,
		views: readonly ClusterSnapshot[] = viewsOf(objects),
	) {
		this.cluster = cluster;
		this.objects = objects;
		this.rulesets = rulesets;
		this.views = views;
	}

	/** The same state in another view. @throws if the Service doesn't have it */
	inView(name: Partial<ViewName>): LabSnapshot {
		const { family, protocol } = { family: this.objects.family, protocol: this.objects.protocol, ...name };
		const view = this.views.find((view) => view.family === family && view.protocol === protocol);
		if (!view) throw new Error(`the lab's Service has no ${protocol.toUpperCase()} port with an ${family} address`);
		return new LabSnapshot(this.cluster, view, this.rulesets, this.views);
	}

	/** The lab's client pod. */
	get inside(): PlacedClient {
		return this.client(({ place }) => place.network === "pod", "in a pod");
	}

	/** The client on the nodes' network, outside the cluster. */
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

	/** The nodes with an endpoint of the Service, or those without. */
	nodes({ endpoints }: { endpoints: boolean }): Node[] {
		const hosts = this.objects.endpoints.map(({ node }) => node);
		return this.objects.nodes.filter(({ name }) => hosts.includes(name) === endpoints);
	}

	/** The addresses that the node's session affinity remembers for the Service. @throws if they couldn't be read */
	rememberedOn(node: string): string[] {
		const remembered = this.rulesets.get(node)?.rememberedBy(this.objects) ?? "unknown";
		if (remembered === "unknown") throw new Error(`what session affinity remembers on ${node} couldn't be read`);
		return remembered;
	}

	/** "address:nodePort" */
	addressOf({ internalIp }: Pick<Node, "internalIp">): string {
		return withPort(internalIp, this.objects.service.nodePort);
	}

	/** The node's rules for the Service, as its own tool prints them; empty if they couldn't be read. */
	rulesOn(node: string): string[] {
		return this.rulesets.get(node)?.rulesOf(this.objects) ?? [];
	}

	/** All branches of the journey of the client's first packet. */
	journey(client: PlacedClient, to: string): Branch[] {
		return journeyOf(this.objects, this.rulesets, client.place, destinationOf(this.objects, to));
	}

	/** What the client may observe, for each branch. */
	predict(client: PlacedClient, to: string): Observed[] {
		return this.journey(client, to).map(({ end }) => observationOf(end));
	}

	recordedJourney(client: PlacedClient, to: string): JourneyWithHops {
		return recordJourney(client.name, to, this.journey(client, to), undefined, viewName(this.objects));
	}

	/** @param options of the client's program */
	async send(client: PlacedClient, to: string, options?: readonly string[]): Promise<Observed> {
		return (await sendRequest(this.cluster, this.objects, client, to, options)).observed;
	}

	/** Sends the requests one after the other, by HTTP. @throws if the client's program ends early */
	async sendMany(
		client: PlacedClient,
		to: string,
		count: number,
		{ perSecond, seconds = 2, failEarly = false }: Many = {},
	): Promise<Result[]> {
		const time = "\\n%{time_connect} %{time_total}\\n";
		const options = [
			...["--silent", "--max-time", String(seconds), "--header", "Connection: close"],
			...(perSecond === undefined ? [] : ["--rate", `${perSecond}/s`]),
			...(failEarly ? ["--fail-early"] : []),
		];
		const program = ["curl", ...options, "--write-out", time, `http://${to}/host?[1-${count}]`];
		const { stdout, stderr } = await this.cluster.run(client.run, program, 60 + count * 0.1);
		const lines = stdout.split("\n").filter(Boolean);
		const results: Result[] = [];
		for (const [i, line] of lines.entries()) {
			const [, connect, total] = /^(\d+\.\d+) (\d+\.\d+)$/.exec(line) ?? [];
			if (total === undefined) continue;
			const { node, podIp } = answerOf(lines[i - 1] ?? "") ?? {};
			const times = { seconds: Number(total), connectSeconds: Number(connect) };
			results.push({ ...(node && { node }), ...(podIp && { podIp }), ...times });
		}
		const isWhole = results.length === count || (failEarly && results.length > 0 && !results.at(-1)?.node);
		if (!isWhole) {
			throw new Error(`${client.name} sent ${results.length} of ${count} requests to ${to}: ${stderr.trim()}`);
		}
		return results;
	}
}

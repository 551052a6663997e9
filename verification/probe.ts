/** Asks: one HTTP request a cell, all cells side by side. */
import pLimit from "p-limit";
import { z } from "zod";
import type { Client } from "../kubernetes/clients.ts";
import type { Ran } from "../kubernetes/exec.ts";
import type { Cluster } from "../kubernetes/liveCluster.ts";
import type { ClusterSnapshot } from "../kubernetes/snapshot.ts";
import { expect, isLoopback, targetsOf } from "./judgement/predict.ts";
import type { Cell, Expected, Observed, Outcome, ProxyMode, Target } from "./model.ts";
import type { Request } from "./request.ts";

/** Longest time for one probe, its connection to the pod that asks included; the client itself gives up earlier. */
const probeSeconds = 10;

/** So many are under way at once: each is a connection to the API server. */
const probesAtOnce = 128;

/** The echo's answer to GET /host. */
const Answer = z.object({ node: z.string(), podIp: z.string(), clientIp: z.string() });

/** A cell before anybody has judged it. */
export type MeasuredCell = Omit<Cell, "ok">;

/** One cell for each client and target, each as soon as `passable` says so of the nodes that it enters by. */
export async function probeAll(
	cluster: Cluster,
	snapshot: ClusterSnapshot,
	request: Request,
	passable: (...nodes: string[]) => Promise<ProxyMode>,
): Promise<MeasuredCell[]> {
	const asked = snapshot.clients.flatMap((client) =>
		targetsOf(snapshot, client.place, request.connectivity).map((target) => ({ client, target })),
	);
	const limit = pLimit(probesAtOnce);
	const cells = asked.map(async ({ client, target }) => {
		const { place } = client;
		const proxyMode = await passable(...[place.node, target.node].filter((node) => node !== undefined));
		// Who serves Services in the place of kube-proxy may do so on a node's loopback too, or not: nothing is promised.
		if (proxyMode === "none" && place.network === "node" && isLoopback(target)) return [];
		const expected = expect(snapshot, request.echo.nodes, proxyMode, place, target);
		return limit(() => probe(cluster, client, target, expected));
	});
	return (await Promise.all(cells)).flat();
}

/** One request, and what came of it. @param address "host:port" */
export async function ask(
	cluster: Cluster,
	client: Client,
	address: string,
): Promise<{ program: string[]; observed: Observed }> {
	const program = [...client.get, `http://${address}/host`];
	const started = performance.now();
	const ran = await cluster.run(client.run, program, probeSeconds);
	return { program, observed: observe(ran, performance.now() - started) };
}

async function probe(cluster: Cluster, client: Client, target: Target, expected: Expected): Promise<MeasuredCell> {
	const { program, observed } = await ask(cluster, client, target.address);
	return {
		client: client.name,
		scope: target.kind === "nodePort" ? "external" : "internal",
		target,
		expected,
		observed,
		command: cluster.pasteReady(client.run, program),
	};
}

/** Exit codes of curl, which the echo's own client shares. */
const outcomes: Record<number, Outcome> = { 0: "ok", 6: "dns", 22: "http", 28: "timeout" };

/** What a client's exit code and output say. */
export function observe(ran: Ran, milliseconds: number): Observed {
	const outcome = outcomes[ran.code] ?? (ran.code === 7 && /refused/i.test(ran.stderr) ? "refused" : "other");
	const body = (outcome === "ok" ? ran.stdout : reason(ran)).trim().slice(0, 1000);
	const answer = outcome === "ok" ? answerOf(body) : undefined;
	return {
		outcome: outcome === "ok" && !answer ? "other" : outcome,
		body,
		...answer,
		milliseconds: Math.round(milliseconds),
	};
}

/** Of curl's verbose talk, why there is no answer: its own lines begin with a sign. */
const reason = ({ stdout, stderr }: Ran): string =>
	stderr
		.split("\n")
		.filter((line) => !/^[*<>{}]/.test(line) || / failed: /.test(line))
		.map((line) => line.replace(/^\* */, ""))
		.join("\n") || stdout;

export function answerOf(body: string): z.infer<typeof Answer> | undefined {
	try {
		return Answer.parse(JSON.parse(body));
	} catch {
		return undefined; // Somebody else than the echo answered: the body, kept beside it, shows who.
	}
}

/** Whether what was observed is what must be. */
export function agrees(expected: Expected, observed: Observed): boolean {
	const among = (allowed: string[] | undefined, got: string | undefined) =>
		allowed === undefined || (got !== undefined && allowed.includes(got));
	return (
		expected.outcome === observed.outcome &&
		among(expected.nodes, observed.node) &&
		among(expected.podIps, observed.podIp) &&
		among(expected.clientIp === undefined ? undefined : [expected.clientIp], observed.clientIp)
	);
}

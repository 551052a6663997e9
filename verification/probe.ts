/** Sends one request for each client and target, in parallel: by HTTP, or as a UDP datagram. */
import pLimit from "p-limit";
import { z } from "zod";
import type { Client } from "../kubernetes/clients.ts";
import type { Ran } from "../kubernetes/exec.ts";
import type { Cluster } from "../kubernetes/liveCluster.ts";
import { type ClusterSnapshot, viewsOf } from "../kubernetes/snapshot.ts";
import { shellText } from "../lib/shell.ts";
import { familyIn } from "./journey/destination.ts";
import { expect, isLoopback, targetsOf } from "./judgement/predict.ts";
import type { Cell, Command, Expected, Observed, Outcome, ProxyMode, Target } from "./model.ts";
import type { Request } from "./request.ts";

/**
 * The time limits for one request and the connection to the client's pod; the client itself gives up earlier. Without
 * a result there is a second attempt: on a busy machine, many connections at once take longer than their requests.
 */
const attemptSeconds = [10, 30];

const noResult: Ran = { code: -1, stdout: "", stderr: "" };

/** Each request holds a connection to the API server. */
const requestsAtOnce = 48;

/** The echo's answer to GET /host, and to a datagram. */
const Answer = z.object({ node: z.string(), podIp: z.string(), clientIp: z.string() });

/** A request that hasn't been judged yet. */
export interface MeasuredRequest {
	cell: Omit<Cell, "ok">;
	/** Repeats the request. */
	command: Command;
	/** The client's program couldn't be run. */
	unsent?: true;
}

/** Requests that timed out against expectation, or weren't sent, are sent again if they are so few. */
const mostRepeated = 8;

export interface Probed {
	requests: MeasuredRequest[];
	/** How many of them timed out at first and ended otherwise when they were sent again, alone. */
	repeated: number;
}

/**
 * Sends the requests of all views.
 * @param proxyModeOn the proxy mode, once the rules of these nodes are up to date: those that the request enters by
 */
export async function probeAll(
	cluster: Cluster,
	snapshot: ClusterSnapshot,
	request: Request,
	proxyModeOn: (...nodes: string[]) => Promise<ProxyMode>,
): Promise<Probed> {
	const triples = viewsOf(snapshot).flatMap((view) =>
		view.clients.flatMap((client) =>
			targetsOf(view, client.place, request.connectivity).map((target) => ({ view, client, target })),
		),
	);
	const limit = pLimit(requestsAtOnce);
	const sent = triples.map(async ({ view, client, target }) => {
		const { place } = client;
		const proxyMode = await proxyModeOn(...[place.node, target.node].filter((node) => node !== undefined));
		// A replacement of kube-proxy may serve NodePorts on a node's loopback address, or not: nothing is promised.
		if (proxyMode === "none" && place.network === "node" && isLoopback(target)) return [];
		const expected = expect(view, request.echo.nodes, proxyMode, place, target);
		const send = () => probe(cluster, view, client, target, expected);
		return [{ send, measured: await limit(send) }];
	});
	return repeatTimeouts((await Promise.all(sent)).flat());
}

export interface Sent {
	send: () => Promise<MeasuredRequest>;
	measured: MeasuredRequest;
}

/** On a busy machine an answer may come too late, or the kubelet run no program, only because all requests are sent at once. */
export async function repeatTimeouts(sent: readonly Sent[]): Promise<Probed> {
	const isLate = ({ measured: { cell, unsent } }: Sent) =>
		unsent || (cell.observed.outcome === "timeout" && cell.expected.outcome !== "timeout");
	const late = new Set(sent.filter(isLate));
	const requests: MeasuredRequest[] = [];
	let repeated = 0;
	for (const one of sent) {
		const again = late.has(one) && late.size <= mostRepeated ? await one.send() : one.measured;
		const isOther = again.cell.observed.outcome !== one.measured.cell.observed.outcome;
		if (isOther && !one.measured.unsent) repeated++;
		requests.push(again);
	}
	return { requests, repeated };
}

/**
 * The client's program with its arguments for one request.
 * @param view the address family and the protocol of the request
 * @param address "host:port"
 * @param options of its program, before the URL
 */
export function requestProgram(
	{ protocol, family, service }: Pick<ClusterSnapshot, "protocol" | "family" | "service">,
	{ get, getByUdp = get }: Client,
	address: string,
	options: readonly string[] = [],
): string[] {
	const [program, scheme] = protocol === "udp" ? [getByUdp, "udp"] : [get, "http"];
	// The name of a dual-stack Service has addresses of both families.
	const isAmbiguous = (service.clusterIps?.length ?? 1) > 1 && familyIn(address) === undefined;
	return [...program, ...(isAmbiguous ? [`--${family}`] : []), ...options, `${scheme}://${address}/host`];
}

/** @param address "host:port" @param options of the client's program */
export async function sendRequest(
	cluster: Cluster,
	view: ClusterSnapshot,
	client: Client,
	address: string,
	options?: readonly string[],
): Promise<{ program: string[]; observed: Observed; unsent: boolean }> {
	const program = requestProgram(view, client, address, options);
	let [start, ran] = [0, noResult];
	for (const seconds of attemptSeconds) {
		start = performance.now();
		ran = await cluster.run(client.run, program, seconds);
		if (ran.code !== noResult.code) break;
	}
	return { program, observed: observe(ran, performance.now() - start), unsent: ran.code === noResult.code };
}

async function probe(
	cluster: Cluster,
	view: ClusterSnapshot,
	client: Client,
	target: Target,
	expected: Expected,
): Promise<MeasuredRequest> {
	const { program, observed, unsent } = await sendRequest(cluster, view, client, target.address);
	const command = cluster.commandFor(client.run, program);
	const scope = target.kind === "nodePort" ? "external" : "internal";
	const cell = { client: client.name, scope, target, expected, observed, command: shellText(...command) } as const;
	return { cell, command, ...(unsent && { unsent }) };
}

/** curl's exit codes, which the echo's client also uses. */
const outcomes: Record<number, Outcome> = { 0: "ok", 6: "dns", 22: "http", 28: "timeout" };

/** The result of a client program. */
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

/** The error in curl's verbose output, where other lines begin with a sign. */
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
		return undefined; // Something other than the echo answered: the report shows the body.
	}
}

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

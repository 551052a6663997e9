/** Sends requests, from this machine or from a pod, and compares their results with the predictions. */
import { connect } from "node:net";
import pLimit from "p-limit";
import { z } from "zod";
import type { Ran } from "../../kubernetes/exec.ts";
import type { Place } from "../../kubernetes/snapshot.ts";
import type { ClusterSource, Container } from "../../kubernetes/source/clusterSource.ts";
import { withPort } from "../../netfilter/address.ts";
import { journeyOf, outcomeOf } from "../journey/journey.ts";
import type { End } from "../journey/model.ts";
import { Outcome } from "../model.ts";
import type { Ruleset } from "../ruleset.ts";
import type { WeighedFinding } from "./diagnosisFinding.ts";
import { mergeFindings } from "./findings/mergeFindings.ts";
import { PredictedTarget } from "./prediction.ts";
import type { ServiceView } from "./serviceViews.ts";

export const Measurement = z.object({
	/** "this machine", "pod shop/client" */
	client: z.string(),
	target: PredictedTarget,
	observed: Outcome,
	/** What the rules predict; empty: unknown. */
	predicted: z.array(Outcome),
	detail: z.string().optional(),
});
export type Measurement = z.infer<typeof Measurement>;

/** A client that can send requests. */
export interface Prober {
	name: string;
	place: Place;
	probe(host: string, port: number): Promise<{ observed: Outcome; detail?: string }>;
}

const seconds = 3;
const concurrency = 16;

/** Only TCP: without the application's protocol, nothing answers a UDP packet. */
export async function measure(
	prober: Prober,
	views: readonly ServiceView[],
	rulesets: ReadonlyMap<string, Ruleset>,
): Promise<{ measurements: Measurement[]; findings: WeighedFinding[] }> {
	const tcp = views.filter(({ protocol, family }) => protocol === "tcp" && family === "ipv4");
	const requests = tcp.flatMap((view) => targetsOf(view, prober.place).map((target) => ({ view, ...target })));
	const results = await pLimit(concurrency).map(requests, async ({ view, target, host, port }) => {
		const { observed, detail } = await retried(prober, host, port);
		const branches = journeyOf(view.snapshot, rulesets, prober.place, { address: host, port });
		const ends = branches.map(({ end }) => end);
		const isKnown = ends.every(({ kind }) => kind !== "unknown");
		const predicted = isKnown ? [...new Set(ends.map(outcomeOf))] : [];
		const measurement = { client: prober.name, target, observed, predicted, ...(detail !== undefined && { detail }) };
		return { measurement, ends };
	});
	return {
		measurements: results.map(({ measurement }) => measurement),
		findings: mergeFindings(results.flatMap(({ measurement, ends }) => differenceOf(measurement, ends) ?? [])),
	};
}

/** A lost packet isn't a result. */
async function retried({ probe }: Prober, host: string, port: number) {
	const first = await probe(host, port);
	return first.observed === "ok" ? first : probe(host, port);
}

function differenceOf(measurement: Measurement, predicted: readonly End[]): WeighedFinding | undefined {
	const { client, target, observed, detail } = measurement;
	if (measurement.predicted.length === 0 || measurement.predicted.includes(observed)) return undefined;
	// The rules deliver the packet to the node: whether a process listens there isn't known.
	if (observed === "ok" && predicted.some(({ kind }) => kind === "node")) return undefined;
	const ends = [...new Map(predicted.map((end) => [JSON.stringify(end), end])).values()];
	return {
		weight: "cause",
		finding: {
			kind: "probe",
			client,
			target,
			predicted: ends,
			observed,
			...(detail !== undefined && { detail }),
			requests: 1,
		},
	};
}

function targetsOf({ snapshot, port, protocol }: ServiceView, place: Place) {
	const { nodes, service } = snapshot;
	const nodePorts = service.nodePort === 0 ? [] : nodes.map(({ name, internalIp }) => ({ name, host: internalIp }));
	const through = nodePorts.map(({ name, host }) => ({
		target: { kind: "nodePort" as const, protocol, address: withPort(host, service.nodePort), node: name },
		host,
		port: service.nodePort,
	}));
	if (place.network === "outside" || service.clusterIp === "") return through;
	const target = { kind: "clusterIp" as const, protocol, address: withPort(service.clusterIp, port.port) };
	return [...through, { target, host: service.clusterIp, port: port.port }];
}

/** A TCP connection from this machine, which counts as a client outside the cluster. */
export function hereAs(client: string): Prober {
	return { name: "this machine", place: { network: "outside", ip: client }, probe: connectTo };
}

const outcomes: Record<string, Outcome> = { ECONNREFUSED: "refused", ETIMEDOUT: "timeout" };

function connectTo(host: string, port: number): Promise<{ observed: Outcome; detail?: string }> {
	return new Promise((resolve) => {
		const socket = connect({ host, port, timeout: seconds * 1000 });
		const end = (observed: Outcome, detail?: string) => {
			socket.destroy();
			resolve({ observed, ...(detail !== undefined && { detail }) });
		};
		socket.once("connect", () => end("ok"));
		socket.once("timeout", () => end("timeout"));
		socket.once("error", ({ code = "", message }: NodeJS.ErrnoException) => {
			const known = outcomes[code];
			if (known) end(known);
			else end("other", message);
		});
	});
}

/** Programs that a pod may have, and what their exit code and output say. A proxy of the pod's environment isn't used. */
const programs: {
	command: (url: string) => string[];
	read: (ran: Ran) => Outcome;
}[] = [
	{
		// Only -v prints the system's error, which distinguishes a refused connection from a missing route.
		command: (url) => [
			...["curl", "-sS", "-v", "--noproxy", "*", "--connect-timeout", String(seconds), "-m", String(seconds + 2)],
			...["-o", "/dev/null", "-w", "%{time_connect}", url],
		],
		read: ({ code, stdout, stderr }) => {
			const isConnected = Number(stdout.trim().replace(",", ".")) > 0;
			if (code === 0 || isConnected) return "ok";
			if (code === 28) return "timeout";
			if (code === 6) return "dns";
			return code === 7 && /refused/i.test(stderr) ? "refused" : "other";
		},
	},
	{
		// GNU Wget and BusyBox both know these options; Wget tries 20 times by default.
		command: (url) => ["wget", "-nv", "-t", "1", "-T", String(seconds), "-Y", "off", "-O", "/dev/null", url],
		read: ({ code, stderr }) => {
			// "Read error" comes after the connection was made.
			if (code === 0 || /server returned error|HTTP\/1|ERROR \d{3}|read error/i.test(stderr)) return "ok";
			if (/refused/i.test(stderr)) return "refused";
			return /timed out|timeout/i.test(stderr) ? "timeout" : "other";
		},
	},
];

/** The line that says why, without what `curl -v` prints before it. */
const reasonIn = (stderr: string): string => {
	const lines = stderr.trim().split("\n");
	return lines.find((line) => line.startsWith("curl: ")) ?? lines.find((line) => !/^[*<>{}] /.test(line)) ?? "";
};

/** Requests from a container of a pod, with the HTTP client that it has. @throws if it has none */
export async function podProber(
	source: ClusterSource,
	name: string,
	container: Container,
	place: Place,
): Promise<Prober> {
	for (const { command, read } of programs) {
		const [program = ""] = command("");
		const { code, stderr } = await source.run(container, [program, "--help"], seconds);
		if (code === 127 || code === -1 || /not found|no such file/i.test(stderr)) continue;
		return {
			name,
			place,
			probe: async (host, port) => {
				const ran = await source.run(container, command(`http://${withPort(host, port)}/`), seconds + 5);
				const detail = reasonIn(ran.stderr);
				const observed = ran.code === -1 ? "other" : read(ran);
				return { observed, ...(observed !== "ok" && detail !== "" && { detail }) };
			},
		};
	}
	throw new Error(`${name} can't send requests: its container has neither curl nor wget, or exec isn't allowed`);
}

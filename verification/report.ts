/** The results of a verification: the full report on disk, and the summary in the stack's outputs. */
import { z } from "zod";
import { Node, Pod, Service } from "../kubernetes/model.ts";
import { Measurement } from "./experiments/model.ts";
import { Finding } from "./findings.ts";
import { JourneyWithHops, RecordedJourneys } from "./journey/model.ts";
import { Cell, NodeRules, ProxyMode } from "./model.ts";
import { Leftovers, RulesGap } from "./nodeProblem.ts";
import { Request } from "./request.ts";
import { NodeTrace } from "./trace/model.ts";

/** Always under 64 KB: what a large cluster has beyond that is only in the report. */
export const Summary = z.object({
	ok: z.boolean(),
	checkedAt: z.string(),
	proxyMode: ProxyMode,
	connectivity: z.array(Cell),
	nodes: z.array(NodeRules),
	/** How many requests are only in the report. */
	omittedCells: z.int().optional(),
	/** How many entries of `nodes` are only in the report. */
	omittedNodes: z.int().optional(),
	report: z.string(),
	pods: z.array(Pod),
});
export type Summary = z.infer<typeof Summary>;

/** The results of an experiment on one of NodePort's drawbacks. */
export const Drawback = z.object({
	name: z.string(),
	title: z.string(),
	question: z.string(),
	/** RFC 3339, UTC. */
	checkedAt: z.string(),
	measurements: z.array(Measurement),
});
export type Drawback = z.infer<typeof Drawback>;

/** A client, and where it sends from. */
export const ReportedClient = z.object({
	name: z.string(),
	place: z.object({
		network: z.enum(["pod", "node", "outside"]),
		node: z.string().optional(),
		ip: z.string().optional(),
		/** Its addresses of all families; `ip` is the first one. */
		ips: z.array(z.string()).optional(),
	}),
});
export type ReportedClient = z.infer<typeof ReportedClient>;

/** Limits of this verification that aren't findings. */
export const Notice = z.discriminatedUnion("kind", [
	/** Only a sample of the nodes was verified: see request.existing.sample. */
	z.object({ kind: z.literal("sample") }),
	/** Something other than kube-proxy serves Services. */
	z.object({ kind: z.literal("replacedProxy") }),
	/** The full matrix has no row for this node: no client runs on it. */
	z.object({ kind: z.literal("noClientOnNode"), node: z.string() }),
	/** The full matrix has no row for a client outside the cluster. */
	z.object({ kind: z.literal("noClientOutside") }),
	/** Requests that timed out at first, and ended otherwise when they were sent again, alone. */
	z.object({ kind: z.literal("repeatedRequests"), count: z.number() }),
	/** A rule that can't be evaluated. A path that meets it is reported as unknown. */
	z.object({ kind: z.literal("unknownRule"), node: z.string(), rule: z.string() }),
	/** Rules that couldn't be read. Paths that they may change are unknown, or name them as unread. */
	z.object({ kind: z.literal("unreadRules"), node: z.string(), gap: RulesGap }),
	/** Rules of a kube-proxy that ran before. The kernel still evaluates them. */
	z.object({ kind: z.literal("leftoverRules"), node: z.string(), leftovers: Leftovers }),
]);
export type Notice = z.infer<typeof Notice>;

export const reportSchema = "nodeport-lab/report/v3";

/** The full report. Its JSON Schema is docs/report.schema.json. */
export const Report = z.object({
	schema: z.literal(reportSchema),
	request: Request,
	ok: z.boolean(),
	/** When the verification ended; RFC 3339, UTC. */
	checkedAt: z.string(),
	proxyMode: ProxyMode,
	service: Service,
	pods: z.array(Pod),
	nodes: z.array(Node),
	clients: z.array(ReportedClient),
	connectivity: z.array(Cell),
	/** The journeys of the requests' packets, predicted from the rules. */
	journeys: RecordedJourneys,
	/** The journey that explains the lab: from the first client to the first node's nodePort. */
	explained: JourneyWithHops.extend({ node: z.string() }).optional(),
	rules: z.array(NodeRules),
	/** Only with connectivity "full". */
	traces: z.array(NodeTrace).optional(),
	findings: z.array(Finding),
	notices: z.array(Notice),
	/** The latest results of each experiment; a later verification keeps them. */
	drawbacks: z.array(Drawback).optional(),
	/** The folder of evidence, if there are findings. */
	evidence: z.string().optional(),
});
export type Report = z.infer<typeof Report>;

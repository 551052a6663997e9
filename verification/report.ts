/** What a verification tells: all of it (Report), and what the stack's outputs carry (Summary). */
import { z } from "zod";
import { Node, Pod, Service } from "../kubernetes/model.ts";
import { Hop } from "../netfilter/model.ts";
import { Cell, NodeRules, Outcome, ProxyMode } from "./model.ts";
import { Request } from "./request.ts";
import { NodeTrace } from "./trace/model.ts";

/** What the stack's outputs carry. Always under 64 KB: a larger cluster's rest is in the report alone. */
export const Summary = z.object({
	ok: z.boolean(),
	checkedAt: z.string(),
	proxyMode: ProxyMode,
	connectivity: z.array(Cell),
	nodes: z.array(NodeRules),
	/** How many cells are only in the report, for lack of room here. */
	omittedCells: z.int().optional(),
	/** How many nodes' rules are only in the report, for lack of room here. */
	omittedNodes: z.int().optional(),
	report: z.string(),
	pods: z.array(Pod),
});
export type Summary = z.infer<typeof Summary>;

/** A cell of which promise, rules and measurement are not one; the promise and the measurement are in the cell. */
export const Difference = z.object({
	/** "client -> target", as tables and messages name the cell. */
	cell: z.string(),
	/** Where the nodes' rules lead its packet. */
	rules: z.string(),
	/** All ways of the packet in words, with each rule beside what it does. */
	path: z.string(),
});
export type Difference = z.infer<typeof Difference>;

/** One expectation of an experiment, and what was measured. */
export const Finding = z.object({
	what: z.string(),
	expected: z.string(),
	measured: z.string(),
	ok: z.boolean(),
	/** The packet's ways in words, with each rule beside what it does, where that explains it. */
	path: z.string().optional(),
});
export type Finding = z.infer<typeof Finding>;

/** An experiment on the drawbacks of NodePort, as it went. */
export const Drawback = z.object({
	name: z.string(),
	title: z.string(),
	question: z.string(),
	/** RFC 3339, UTC. */
	checkedAt: z.string(),
	findings: z.array(Finding),
});
export type Drawback = z.infer<typeof Drawback>;

/** Who asks, and where it sends from. */
export const AskingClient = z.object({
	name: z.string(),
	place: z.object({
		network: z.enum(["pod", "node", "outside"]),
		node: z.string().optional(),
		ip: z.string().optional(),
	}),
});
export type AskingClient = z.infer<typeof AskingClient>;

/** What one node's rules do with a packet: as the node first meets it, and the rules that act on it. */
export const WayLeg = z.object({
	node: z.string(),
	source: z.string(),
	/** "host:port" */
	destination: z.string(),
	/** Places in the list of hops that all ways share. */
	hops: z.array(z.int()),
});
export type WayLeg = z.infer<typeof WayLeg>;

/** One way that a packet may take over the nodes. */
export const Way = z.object({
	probability: z.number(),
	legs: z.array(WayLeg),
	/** What the client sees of it. */
	outcome: Outcome,
	end: z.object({
		kind: z.enum(["pod", "node", "reject", "drop", "loopback", "away", "unknown"]),
		node: z.string().optional(),
		/** Of the pod or node that it reaches. */
		address: z.string().optional(),
		port: z.int().optional(),
		clientIp: z.string().optional(),
		/** Who answers and what client it sees, or why nobody does. */
		text: z.string(),
	}),
});
export type Way = z.infer<typeof Way>;

/** The ways of one cell's packet, the likeliest first. */
export const CellWays = z.object({
	client: z.string(),
	/** "host:port" of the target */
	address: z.string(),
	ways: z.array(Way),
	/** How many less likely ways there are beside these. */
	omittedWays: z.int(),
});
export type CellWays = z.infer<typeof CellWays>;

/** The ways of as many cells as there is room for. */
export const KeptWays = z.object({
	/** Each rule that acts on any of the packets, once for each sentence that it takes. */
	hops: z.array(Hop),
	cells: z.array(CellWays),
	omittedCells: z.int(),
});
export type KeptWays = z.infer<typeof KeptWays>;

export const reportSchema = "nodeport-lab/report/v1";

/** Everything that one verification saw, said and measured. */
export const Report = z.object({
	schema: z.literal(reportSchema),
	request: Request,
	ok: z.boolean(),
	/** When it ended; RFC 3339, UTC. */
	checkedAt: z.string(),
	proxyMode: ProxyMode,
	service: Service,
	pods: z.array(Pod),
	nodes: z.array(Node),
	/** Who asks; reports of earlier versions do not say. */
	clients: z.array(AskingClient).default([]),
	connectivity: z.array(Cell),
	/** Where the rules lead the packets of the cells; reports of earlier versions do not say. */
	ways: KeptWays.default({ hops: [], cells: [], omittedCells: 0 }),
	differences: z.array(Difference),
	rules: z.array(NodeRules),
	/** What is worth knowing of this verification and is no finding: which nodes it looked at, what it could not explain. */
	notices: z.array(z.string()).optional(),
	/** With connectivity "full": who does not ask, though the full matrix has a row for them, and why. */
	notAsking: z.array(z.string()),
	/** The first client's packet to the first node's nodePort, in words over all nodes that it passes. */
	explained: z.object({ client: z.string(), target: z.string(), path: z.string() }).optional(),
	/** Lines of rules that no walk understands: "node: place: text". A walk that meets one says so. */
	notUnderstood: z.array(z.string()),
	/** With connectivity "full". */
	traces: z.array(NodeTrace).optional(),
	/** The experiments that were made on the lab, each as it went last; verifications keep them. */
	drawbacks: z.array(Drawback).optional(),
	/** One sentence each, with the command that repeats the check. */
	failures: z.array(z.string()),
	/** Where something failed: the folder of evidence beside the report. */
	evidence: z.string().optional(),
});
export type Report = z.infer<typeof Report>;

/** What an experiment measures, expects and finds, as data. report/drawbacks/ makes the sentences. */
import { z } from "zod";
import { Service } from "../../kubernetes/model.ts";
import { Family } from "../../netfilter/model.ts";
import { JourneyWithHops } from "../journey/model.ts";
import { Observed, ProxyMode } from "../model.ts";

/**
 * `start`: kube-proxy's first round, which writes all rules; `change`: its round after one endpoint has changed;
 * `connection`: establishing a TCP connection to the lab's nodePort; `memory`: of kube-proxy's process.
 */
export const Cost = z.enum(["start", "change", "connection", "memory"]);
export type Cost = z.infer<typeof Cost>;

/** The Service that is called, if it isn't the lab's. */
const familyFields = {
	ipFamilyPolicy: Service.shape.ipFamilyPolicy,
	families: z.array(Family).optional(),
};

export const MeasuredSubject = z.discriminatedUnion("kind", [
	/** One request to an address of a node. */
	z.object({
		kind: z.literal("request"),
		client: z.string(),
		clientIp: z.string().optional(),
		node: z.string(),
		/** "address:port" */
		address: z.string(),
		/** What sets this request apart from the experiment's others. */
		condition: z.enum(["ownNode", "stopped", "notReady", "terminating", "podStopped"]).optional(),
		policy: z.enum(["Cluster", "Local"]).optional(),
		proxyMode: ProxyMode.optional(),
		/** kube-proxy's setting. */
		nodePortAddresses: z.array(z.string()).optional(),
		...familyFields,
	}),
	/** DNS for a Service of these families. */
	z.object({ kind: z.literal("familyDns"), record: z.enum(["A", "AAAA"]), ...familyFields }),
	/** Whether the stopped node is Ready after the grace period. */
	z.object({ kind: z.literal("nodeStatus"), node: z.string() }),
	/** Where the API lists the nodePort and the stopped node's address. */
	z.object({ kind: z.literal("listed") }),
	z.object({ kind: z.literal("dns"), name: z.string(), headless: z.boolean() }),
	z.object({
		kind: z.literal("healthCheck"),
		node: z.string(),
		port: z.int(),
		condition: z.enum(["terminating", "podStopped"]).optional(),
	}),
	z.object({ kind: z.literal("secondService"), nodePort: z.int() }),
	/** The nodePorts that the API server chooses for so many Services. */
	z.object({ kind: z.literal("assignedPorts"), services: z.int() }),
	/** Requests through all other nodes, so many seconds after a node was stopped. */
	z.object({ kind: z.literal("otherNodes"), stopped: z.string(), seconds: z.int() }),
	/** The ready endpoints after the pod's node was stopped. */
	z.object({ kind: z.literal("endpoints"), tolerationSeconds: z.int().optional() }),
	/** The time until every other node answers without errors. */
	z.object({ kind: z.literal("recovery"), replicas: z.int(), stopped: z.string() }),
	/** Requests through a node, with policy Local, while its pods are replaced or removed. */
	z.object({
		kind: z.literal("rollout"),
		node: z.string(),
		/** Whether a pod stops before its replacement is ready, or is one of two and isn't replaced. */
		change: z.enum(["stopFirst", "scaleDown"]),
		/** Whether it serves on while it terminates (preStop). */
		servesOn: z.boolean(),
	}),
	/** Who answers requests that enter through these nodes in equal parts. */
	z.object({ kind: z.literal("distribution"), entries: z.array(z.string()), replicas: z.int(), ownNode: z.boolean() }),
	/** Requests of one client through one node, to a Service with session affinity. */
	z.object({
		kind: z.literal("affinity"),
		client: z.string(),
		clientIp: z.string().optional(),
		node: z.string(),
		/** "address:port" */
		address: z.string(),
		/** The client's address as the entry node sees it. */
		seenAs: z.string(),
		/** The client whose request the entry node remembers with that address; absent: no client's. */
		remembered: z.string().optional(),
		requests: z.int(),
	}),
	/** The addresses that the node's session affinity remembers. */
	z.object({ kind: z.literal("remembered"), node: z.string() }),
	/** A datagram to a nodePort whose Service has just changed. */
	z.object({
		kind: z.literal("datagram"),
		client: z.string(),
		node: z.string(),
		/** "address:nodePort" */
		address: z.string(),
		condition: z.enum(["nodePortAdded", "entryDeleted", "endpointRemoved", "endpointAdded", "serviceRemoved"]),
		/** The source port that the client keeps; absent: one that it hasn't used before. */
		sourcePort: z.int().optional(),
		/** Where conntrack's entry sends it: "address:port". */
		trackedTo: z.string().optional(),
	}),
	/** Of a Service of type LoadBalancer. */
	z.object({ kind: z.literal("externalAddress") }),
	z.object({ kind: z.literal("balancedNodePort"), node: z.string() }),
	/** The rules that kube-proxy has written for so many Services. */
	z.object({ kind: z.literal("programmedRules"), proxyMode: ProxyMode, services: z.int() }),
	/** What so many Services cost a node in each proxy mode. */
	z.object({ kind: z.literal("modeCost"), cost: Cost, services: z.int() }),
]);
export type MeasuredSubject = z.infer<typeof MeasuredSubject>;

const Share = z.object({
	/** A pod's address, or where the request went from its entry node. */
	of: z.string(),
	/** The pod's node. */
	node: z.string().optional(),
	share: z.number(),
});

export const MeasuredValue = z.discriminatedUnion("kind", [
	/** One result; as an expectation, any of them. */
	z.object({
		kind: z.literal("results"),
		results: z.array(Observed.pick({ outcome: true, podIp: true, node: true, clientIp: true })),
	}),
	z.object({ kind: z.literal("noAnswer") }),
	z.object({ kind: z.literal("ready"), ready: z.boolean() }),
	z.object({ kind: z.literal("listed"), nodePort: z.int(), address: z.string(), isListed: z.boolean() }),
	z.object({ kind: z.literal("addresses"), addresses: z.array(z.string()) }),
	z.object({ kind: z.literal("health"), status: z.int(), endpoints: z.int() }),
	z.object({ kind: z.literal("accepted") }),
	/** The API server's message; as an expectation, a part of it. */
	z.object({ kind: z.literal("refused"), message: z.string() }),
	/** Ports in the static band, and the range of all of them. */
	z.object({
		kind: z.literal("ports"),
		band: z.tuple([z.int(), z.int()]),
		inBand: z.array(z.int()),
		range: z.tuple([z.int(), z.int()]).optional(),
	}),
	z.object({ kind: z.literal("answering"), answering: z.int(), of: z.int() }),
	z.object({ kind: z.literal("count"), count: z.int() }),
	z.object({ kind: z.literal("limit"), seconds: z.int(), gracePeriod: z.int() }),
	z.object({ kind: z.literal("outage"), seconds: z.int(), failed: z.int() }),
	/** Until when requests fail; `atMost`: in seconds. */
	z.object({ kind: z.literal("losses"), until: z.enum(["never", "rulesChange", "ready"]), atMost: z.int().optional() }),
	/** From the first request that failed to the first that didn't after all of them. */
	z.object({ kind: z.literal("failing"), seconds: z.number(), failed: z.int(), requests: z.int() }),
	z.object({
		kind: z.literal("shares"),
		shares: z.array(Share),
		requests: z.int().optional(),
		/** Of the latencies through another node and through the pod's own, by percentile. */
		latencyRatios: z.array(z.object({ percentile: z.int(), ratio: z.number() })).optional(),
	}),
	/** How many Services have rules, and how many of their rules precede those of nodePorts. */
	z.object({ kind: z.literal("programmed"), services: z.int(), passed: z.int() }),
	/** As an expectation: which mode costs less. Absent: not predicted. */
	z.object({ kind: z.literal("cheaper"), proxyMode: ProxyMode.optional() }),
	/** In seconds, or for memory in bytes. */
	z.object({
		kind: z.literal("costs"),
		iptables: z.number(),
		nftables: z.number(),
		/** The costs over those with the fewest Services. */
		growth: z.object({ services: z.int(), iptables: z.number(), nftables: z.number() }).optional(),
	}),
]);
export type MeasuredValue = z.infer<typeof MeasuredValue>;

/** One expectation of an experiment, and what was measured. */
export const Measurement = z.object({
	subject: MeasuredSubject,
	expected: MeasuredValue,
	measured: MeasuredValue,
	ok: z.boolean(),
	/** The result, if one request was measured. */
	observed: Observed.optional(),
	/** The packet's journey, if it explains the result. */
	journey: JourneyWithHops.optional(),
});
export type Measurement = z.infer<typeof Measurement>;

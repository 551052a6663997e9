/** A request that was really sent, and how it ended. */
import { z } from "zod";
import type { Place } from "../../../kubernetes/snapshot.ts";
import type { Family, Protocol } from "../../../netfilter/model.ts";
import { Outcome } from "../../model.ts";
import { PredictedTarget } from "../prediction/predictedRequest.ts";

/**
 * "silent": a UDP packet got no answer within the time limit. That proves nothing: most servers ignore a packet that isn't of
 * their application's protocol. An answer proves that a server got the packet, an ICMP error ("refused") that it didn't.
 */
export const MeasuredOutcome = z.enum([...Outcome.options, "silent"]);
export type MeasuredOutcome = z.infer<typeof MeasuredOutcome>;

export const Measurement = z.object({
	/** "this machine", "pod shop/client" */
	client: z.string(),
	target: PredictedTarget,
	observed: MeasuredOutcome,
	/** What the rules predict; empty: unknown. */
	predicted: z.array(Outcome),
	detail: z.string().optional(),
});
export type Measurement = z.infer<typeof Measurement>;

export interface ProbeResult {
	observed: MeasuredOutcome;
	detail?: string;
}

export interface ProbeRequest {
	protocol: Protocol;
	host: string;
	port: number;
	/** What a UDP packet contains. */
	payload: string;
}

/** A client that can send requests. */
export interface Prober {
	name: string;
	/** undefined: it has no address of the family. */
	placeIn(family: Family): Place | undefined;
	/** undefined: it can't send packets of the protocol; else how. */
	sender(protocol: Protocol): Promise<((request: ProbeRequest) => Promise<ProbeResult>) | undefined>;
	/** The programs that it would need. */
	needs(protocol: Protocol): string[];
}

/** How long to wait for an answer. */
export const probeSeconds = 3;

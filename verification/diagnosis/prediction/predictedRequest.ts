/** Who sends a predicted request, and where to. */
import { z } from "zod";
import { Protocol } from "../../../netfilter/model.ts";

export const ClientKind = z.enum([
	"outside",
	"podOnEndpointNode",
	"podOnOtherNode",
	"endpoint",
	"nodeProcess",
	"loopback",
]);
export type ClientKind = z.infer<typeof ClientKind>;

export const PredictedClient = z.object({
	kind: ClientKind,
	node: z.string().optional(),
	address: z.string().optional(),
	/** The user named no client outside: the address is an example. */
	isExample: z.literal(true).optional(),
	pod: z.string().optional(),
});
export type PredictedClient = z.infer<typeof PredictedClient>;

export const PredictedTarget = z.object({
	kind: z.enum(["nodePort", "clusterIp", "externalIp", "loadBalancer", "healthCheck"]),
	protocol: Protocol,
	/** "host:port" */
	address: z.string(),
	/** The node that the address belongs to, or by which a packet from outside arrives. */
	node: z.string().optional(),
	/** Of a healthCheck: how many ready endpoints the node has. */
	readyEndpoints: z.int().optional(),
});
export type PredictedTarget = z.infer<typeof PredictedTarget>;

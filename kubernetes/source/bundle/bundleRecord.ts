/** What a bundle's manifest says about its files: the question that each of them answers. */
import { z } from "zod";

const query = z.object({
	kind: z.enum(["services", "endpointSlices", "pods", "nodes", "networkPolicies", "configMaps"]),
	namespace: z.string().optional(),
	name: z.string().optional(),
	labels: z.string().optional(),
	withHostPort: z.literal(true).optional(),
});

const container = z.object({ namespace: z.string(), pod: z.string(), container: z.string() });

/** Relative to the bundle, and inside it: a bundle may come from anybody. */
const file = z.string().regex(/^(?!.*\.\.)[\w-][\w./-]*$/, "a path inside the bundle");

const refused = z.object({ kind: z.enum(["forbidden", "failed", "notCollected"]), message: z.string() });

/** One question to the cluster, and its answer: a file, or why there is none. */
export const Recorded = z.union([
	z.object({ query, file }),
	z.object({ query, refused }),
	z.object({ log: container, lines: z.int(), file }),
	z.object({ log: container, lines: z.int(), refused }),
	z.object({
		run: container,
		program: z.array(z.string()),
		/** What the program printed on stdout. */
		file,
		code: z.int(),
		stderr: z.string(),
	}),
]);
export type Recorded = z.infer<typeof Recorded>;

export const bundleSchema = "nodeport-lab/bundle/v1";

export const Manifest = z.object({
	schema: z.literal(bundleSchema),
	/** When the cluster was read. */
	collectedAt: z.string(),
	/** The version of nodeport-lab that wrote the bundle. */
	tool: z.string(),
	about: z.object({ cluster: z.string(), server: z.string(), version: z.string() }),
	/** The Services that the bundle is sufficient for. */
	services: z.array(
		z.object({
			namespace: z.string(),
			name: z.string(),
			/** Its objects changed while they were read. */
			changing: z.literal(true).optional(),
		}),
	),
	recorded: z.array(Recorded),
});
export type Manifest = z.infer<typeof Manifest>;

/** Identifies a question: the same one has the same key. */
export const keyOf = (question: object): string => JSON.stringify(question, Object.keys(flat(question)).sort());

/** The names of all properties, of nested objects too. */
function flat(object: object): Record<string, true> {
	const names: Record<string, true> = {};
	for (const [name, value] of Object.entries(object)) {
		names[name] = true;
		if (typeof value === "object" && value !== null && !Array.isArray(value)) Object.assign(names, flat(value));
	}
	return names;
}

// All of the SDK takes three times as long to load, and the doctor needs none of it.
import { RunError } from "@pulumi/pulumi/errors.js";
import { z } from "zod";
import { KubeProxyMode, nodeNames } from "../cluster/kindConfig.ts";

const whole = (min: number, max: number) => {
	const allowed = `a whole number from ${min} to ${max}`;
	return z.coerce.number(allowed).int(allowed).min(min, allowed).max(max, allowed);
};
const oneOf = <const T extends readonly string[]>(values: T) => z.enum(values, values.join(" or "));
const label = (most: number) =>
	z
		.string()
		.regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, "lower-case letters, digits and inner hyphens")
		.max(most, `at most ${most} characters`);
const image = z.string().regex(/^[\w][\w.:/@-]*$/, "an image reference such as nodeport-lab/echo:0.1.0");

/** They come with a kind cluster, so the lab cannot make them. */
const taken = ["kube-system", "kube-public", "kube-node-lease", "local-path-storage"];

/** What kube-apiserver gives out: its default --service-node-port-range. */
const nodePorts = { first: 30000, last: 32767 };

/**
 * Of these it gives out none by itself while others are free: the first 1/32 of the range, at least 16 and at most 128
 * ports. https://kubernetes.io/docs/concepts/services-networking/service/#avoid-nodeport-collisions
 */
export const staticNodePorts = {
	first: nodePorts.first,
	last: nodePorts.first + Math.min(Math.max(16, Math.floor((nodePorts.last - nodePorts.first + 1) / 32)), 128) - 1,
};

const Settings = z.strictObject({
	// A node's host name is at most 63 characters, and "-control-plane" takes 14 of them.
	clusterName: label(49),
	workers: whole(1, 50),
	kubeProxyMode: oneOf(KubeProxyMode.options),
	nodePort: whole(nodePorts.first, nodePorts.last),
	/** Publishes the NodePort on 127.0.0.1 of the host; a change replaces the cluster. */
	hostPort: whole(1, 65535).optional(),
	replicas: whole(1, 100),
	externalTrafficPolicy: oneOf(["Cluster", "Local"]),
	sessionAffinity: oneOf(["None", "ClientIP"]),
	namespace: label(63).refine(
		(name) => !taken.includes(name),
		`a namespace of the lab's own, none of ${taken.join(", ")}`,
	),
	/** Where the echo runs; empty: anywhere. */
	echoNodes: z.array(z.string("a node's name"), "a list of node names").optional(),
	/** Where dnsutils runs. */
	clientNode: z.string().optional(),
	nodeImage: image,
	echoImage: image,
	dnsutilsImage: image,
	connectivity: oneOf(["base", "full"]),
});
type Settings = z.infer<typeof Settings>;

/** Everything that the stack can be told, checked, with what follows from others. Descriptions, defaults: Pulumi.yaml. */
export type LabConfig = Settings & { echoNodes: string[]; clientNode: string };

type Raw = Record<string, unknown>;

interface Fault {
	field: string;
	got: unknown;
	allowed: string;
	/** The command that mends it. */
	fix: string;
}

const message = (faults: Fault[]): string =>
	[
		`the configuration has ${faults.length === 1 ? "a fault" : `${faults.length} faults`}; nothing was changed:`,
		...faults.map(
			({ field, got, allowed, fix }) => `  ${field}: got ${JSON.stringify(got)}, allowed: ${allowed}; fix: ${fix}`,
		),
	].join("\n");

const set = (field: string): string => `pulumi config set ${/[.[]/.test(field) ? `--path '${field}'` : field} <value>`;

/** The faults of settings by themselves. */
function settingFaults(issue: z.core.$ZodIssue, raw: Raw): Fault[] {
	if (issue.code === "unrecognized_keys") {
		const allowed = `no such setting; there are ${Object.keys(Settings.shape).join(", ")}`;
		return issue.keys.map((field) => ({ field, got: raw[field], allowed, fix: `pulumi config rm '${field}'` }));
	}
	const got = issue.path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown>)?.[key], raw);
	const field = issue.path.map((key) => (typeof key === "number" ? `[${key}]` : String(key))).join("");
	const fix = set(field === "echoNodes" ? "echoNodes[0]" : field);
	return [{ field, got, allowed: issue.message, fix }];
}

const Named = z.object({ clusterName: Settings.shape.clusterName, workers: Settings.shape.workers });

/** The faults that only show when settings are seen together: nodes must be workers of this cluster. */
function nodeFaults(raw: Raw): Fault[] {
	const named = Named.safeParse(raw);
	if (!named.success) return []; // What its workers are called is not known.
	const workers = workersOf(named.data);
	// Ordinary pods do not run on the control plane: kubeadm taints it.
	const allowed = `a worker of this cluster: ${workers.join(", ")}`;
	const { data: echoNodes = [] } = Settings.shape.echoNodes.safeParse(raw.echoNodes);
	const { data: clientNode } = Settings.shape.clientNode.safeParse(raw.clientNode);
	return [
		...echoNodes.map((got, i) => ({ field: `echoNodes[${i}]`, got })),
		...(clientNode === undefined ? [] : [{ field: "clientNode", got: clientNode }]),
	]
		.filter(({ got }) => !workers.includes(got))
		.map(({ field, got }) => ({ field, got, allowed, fix: set(field) }));
}

const workersOf = ({ clusterName, workers }: z.infer<typeof Named>): string[] =>
	nodeNames(clusterName, workers).slice(1);

/**
 * Checks raw settings and fills in what follows from others.
 * @throws RunError naming every fault at once: field, value, what is allowed, the command that mends it
 */
export function parseLabConfig(raw: Raw): LabConfig {
	const { data, error } = Settings.safeParse(raw);
	const faults = [...(error?.issues ?? []).flatMap((issue) => settingFaults(issue, raw)), ...nodeFaults(raw)];
	if (data === undefined || faults.length > 0) throw new RunError(message(faults));
	const workers = workersOf(data);
	const { echoNodes = workers.slice(0, 1), clientNode = workers.at(-1) ?? "" } = data;
	return { ...data, echoNodes, clientNode };
}

/**
 * The settings of a stack as this program gets them: all as text, a list as JSON. What is no list though it must be one
 * stays as it is, for a message that says what it must be.
 */
export const labConfigOf = (settings: Record<string, string>): LabConfig =>
	parseLabConfig({ ...settings, ...(settings.echoNodes !== undefined && { echoNodes: parsed(settings.echoNodes) }) });

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}

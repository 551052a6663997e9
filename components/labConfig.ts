import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { nodeNames } from "../cluster/kind.ts";

/** Everything that the stack can be told, checked. Descriptions and defaults: Pulumi.yaml. */
export interface LabConfig {
	clusterName: string;
	workers: number;
	kubeProxyMode: "iptables" | "nftables";
	nodePort: number;
	/** Publishes the NodePort on 127.0.0.1 of the host; a change replaces the cluster. */
	hostPort?: number;
	replicas: number;
	externalTrafficPolicy: "Cluster" | "Local";
	namespace: string;
	/** Where the echo runs; empty: anywhere. */
	echoNodes: string[];
	/** Where dnsutils runs. */
	clientNode: string;
	nodeImage: string;
	echoImage: string;
	dnsutilsImage: string;
	connectivity: "base" | "full";
}

const whole = (min: number, max: number) => {
	const allowed = `a whole number from ${min} to ${max}`;
	return z.coerce.number(allowed).int(allowed).min(min, allowed).max(max, allowed);
};
const oneOf = <const T extends [string, ...string[]]>(...values: T) => z.enum(values, values.join(" or "));
const label = (most: number) =>
	z
		.string()
		.regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, "lower-case letters, digits and inner hyphens")
		.max(most, `at most ${most} characters`);
const image = z.string().regex(/^[\w][\w.:/@-]*$/, "an image reference such as nodeport-lab/echo:0.1.0");

const Settings = z.strictObject({
	// A node's host name is at most 63 characters, and "-control-plane" takes 14 of them.
	clusterName: label(49),
	workers: whole(1, 50),
	kubeProxyMode: oneOf("iptables", "nftables"),
	// kube-apiserver's default --service-node-port-range.
	nodePort: whole(30000, 32767),
	hostPort: whole(1, 65535).optional(),
	replicas: whole(1, 100),
	externalTrafficPolicy: oneOf("Cluster", "Local"),
	namespace: label(63),
	echoNodes: z.array(z.string(), "a list of node names").optional(),
	clientNode: z.string().optional(),
	nodeImage: image,
	echoImage: image,
	dnsutilsImage: image,
	connectivity: oneOf("base", "full"),
});

interface Fault {
	field: string;
	got: unknown;
	allowed: string;
}

const message = (faults: Fault[]): string =>
	[
		`the configuration has ${faults.length === 1 ? "a fault" : `${faults.length} faults`}; nothing was changed:`,
		...faults.map(({ field, got, allowed }) => {
			const path = /[.[]/.test(field) ? `--path '${field}'` : field;
			return `  ${field}: got ${JSON.stringify(got)}, allowed: ${allowed}; fix: pulumi config set ${path} <value>`;
		}),
	].join("\n");

/** The faults that only show when settings are seen together: nodes must be workers of this cluster. */
function nodeFaults(config: LabConfig): Fault[] {
	const workers = nodeNames(config.clusterName, config.workers).slice(1);
	// Ordinary pods do not run on the control plane: kubeadm taints it.
	const allowed = `a worker of this cluster: ${workers.join(", ")}`;
	const named = config.echoNodes.map((got, i) => ({ field: `echoNodes[${i}]`, got, allowed }));
	return [...named, { field: "clientNode", got: config.clientNode, allowed }].filter(
		({ got }) => !workers.includes(got),
	);
}

/**
 * Checks raw settings and fills in what follows from others.
 * @throws pulumi.RunError naming every fault at once: field, value, what is allowed, the command that mends it
 */
export function parseLabConfig(raw: Record<string, unknown>): LabConfig {
	const parsed = Settings.safeParse(raw);
	if (!parsed.success) throw new pulumi.RunError(message(parsed.error.issues.flatMap((issue) => faults(issue, raw))));
	const { hostPort, echoNodes, clientNode, ...settings } = parsed.data;
	const workers = nodeNames(settings.clusterName, settings.workers).slice(1);
	const config: LabConfig = {
		...settings,
		...(hostPort !== undefined && { hostPort }),
		echoNodes: echoNodes ?? workers.slice(0, 1),
		clientNode: clientNode ?? workers.at(-1) ?? "",
	};
	const unknownNodes = nodeFaults(config);
	if (unknownNodes.length > 0) throw new pulumi.RunError(message(unknownNodes));
	return config;
}

function faults(issue: z.core.$ZodIssue, raw: Record<string, unknown>): Fault[] {
	if (issue.code === "unrecognized_keys") {
		const allowed = `no such setting; there are ${Object.keys(Settings.shape).join(", ")}`;
		return issue.keys.map((field) => ({ field, got: raw[field], allowed }));
	}
	const got = issue.path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown>)?.[key], raw);
	const field = issue.path.map((key) => (typeof key === "number" ? `[${key}]` : String(key))).join("");
	return [{ field, got, allowed: issue.message }];
}

/** Reads the stack's configuration: the only place that does. */
export function readLabConfig(): LabConfig {
	const prefix = `${pulumi.getProject()}:`;
	const config = new pulumi.Config();
	const keys = Object.keys(pulumi.runtime.allConfig())
		.filter((key) => key.startsWith(prefix))
		.map((key) => key.slice(prefix.length));
	const read = (key: string) => (key === "echoNodes" ? config.getObject<unknown>(key) : config.get(key));
	return parseLabConfig(Object.fromEntries(keys.map((key) => [key, read(key)])));
}

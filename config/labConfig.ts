/** The lab's settings: their schema, and all checks. Descriptions and defaults are in Pulumi.yaml. */
import { z } from "zod";
import { type FieldError, fieldErrorLines, fieldErrorsOf, wherePulumiIs } from "../lib/fieldErrors.ts";
import { UserError } from "../lib/userError.ts";
import { IpFamily, KubeProxyMode, nodeNames, Protocols } from "./clusterShape.ts";
import { clusterErrors, existingNamespace } from "./existingConfig.ts";
import { nodeNameErrors } from "./nodeNames.ts";
import { nodePorts } from "./nodePorts.ts";
import { usualSettings } from "./projectDefaults.ts";
import { image, label, nearest, oneOf, whole } from "./settingValues.ts";

/** Every cluster has these already, so the lab can't create them. */
const taken = ["kube-system", "kube-public", "kube-node-lease", "local-path-storage"];

const nodeName = z.string("a node's name");
const path = "the path of a kubeconfig";

export const Settings = z.strictObject({
	cluster: oneOf(["kind", "existing"]),
	/** The path of an existing cluster's kubeconfig; its text stays in the file. */
	kubeconfig: z
		.string(path)
		.regex(/^[^\n]+$/, path)
		.optional(),
	/** One of the kubeconfig's contexts. */
	context: z.string("a context's name").min(1, "a context's name").optional(),
	// A node's name is also its label kubernetes.io/hostname: at most 63 characters, 14 of them for "-control-plane".
	clusterName: label(49),
	workers: whole(1, 50),
	kubeProxyMode: oneOf(KubeProxyMode.options),
	/** Of a cluster that the lab creates, and of its Service. On an existing cluster, of the Service. */
	ipFamily: oneOf(IpFamily.options),
	/** Of the Service's port. */
	protocols: oneOf(Protocols.options),
	nodePort: whole(nodePorts.first, nodePorts.last),
	/** The port of 127.0.0.1 on the host that leads to the NodePort; a change replaces the cluster. */
	hostPort: whole(1, 65535).optional(),
	replicas: whole(1, 100),
	externalTrafficPolicy: oneOf(["Cluster", "Local"]),
	sessionAffinity: oneOf(["None", "ClientIP"]),
	namespace: label(63)
		.refine((name) => !taken.includes(name), `a namespace of the lab's own: not ${taken.join(", ")}`)
		.optional(),
	/** Nodes that the echo may run on; empty: any. */
	echoNodes: z.array(nodeName, "a list of node names").optional(),
	/** The node that dnsutils runs on. */
	clientNode: nodeName.optional(),
	nodeImage: image,
	echoImage: image,
	dnsutilsImage: image,
	connectivity: oneOf(["base", "full"]),
	/** The seed that chooses the sample of a large existing cluster. */
	sampleSeed: whole(0, 2 ** 31 - 1),
});
type Settings = z.infer<typeof Settings> & { namespace: string };

/** For a cluster that the lab creates: its node names are known. */
export type KindConfig = Settings & { cluster: "kind"; echoNodes: string[]; clientNode: string };

/** For an existing cluster: its nodes have to be read from it. */
export type ExistingConfig = Settings & { cluster: "existing"; kubeconfig: string; context: string };

/** All settings, checked; defaults that depend on other settings are filled in. */
export type LabConfig = KindConfig | ExistingConfig;

type Raw = Record<string, unknown>;

export const configErrorMessage = (errors: FieldError[]): string =>
	[
		`the configuration has ${errors.length === 1 ? "an error" : `${errors.length} errors`}; nothing was changed:`,
		...fieldErrorLines(errors),
		wherePulumiIs,
	].join("\n");

/** A command that can be pasted: the default is always valid, while only the user knows which other value was meant. */
function usualFix(field: string): string {
	const usual = usualSettings()[field];
	return usual === undefined ? `pulumi config rm ${field}` : `pulumi config set ${field} ${usual}`;
}

/** Errors of a single setting. */
function settingErrors(issue: z.core.$ZodIssue, raw: Raw): FieldError[] {
	if (issue.code === "unrecognized_keys") return issue.keys.map((field) => unknownSetting(field, raw[field]));
	const [setting = ""] = issue.path.map(String);
	const meant = issue.code === "invalid_value" ? nearest(String(raw[setting]), issue.values.map(String)) : undefined;
	const fix = meant === undefined ? usualFix(setting) : `pulumi config set ${setting} ${meant}`;
	return fieldErrorsOf(issue, raw).map(({ field, got, allowed }) => ({ field, got, allowed, fix }));
}

function unknownSetting(field: string, got: unknown): FieldError {
	const names = Object.keys(Settings.shape);
	const meant = nearest(field, names);
	const hint = meant === undefined ? "" : ` (did you mean ${meant}?)`;
	// Quoted and without --path: the name may contain a hyphen or a dot.
	const fix = `pulumi config rm '${field}'`;
	return { field, got, allowed: `one of these settings: ${names.join(", ")}${hint}`, fix };
}

const Named = z.object({ clusterName: Settings.shape.clusterName, workers: Settings.shape.workers });

/** Nodes must be workers of this cluster. */
function nodeErrors(raw: Raw): FieldError[] {
	if (raw.cluster === "existing") return []; // Its nodes aren't known here.
	const named = Named.safeParse(raw);
	if (!named.success) return []; // The workers' names aren't known.
	const workers = workersOf(named.data);
	// Ordinary pods don't run on the control plane: kubeadm taints it.
	return nodeNameErrors(raw, workers, `a worker of this cluster: ${workers.join(", ")}`);
}

/** The published port leads to the control plane's IPv4 address, and no pod of the echo runs there. */
function deadHostPort({ cluster, hostPort, externalTrafficPolicy, ipFamily }: Raw): FieldError[] {
	if (cluster !== "kind" || hostPort === undefined) return [];
	const refused = (allowed: string) => ({
		field: "hostPort",
		got: hostPort,
		allowed,
		fix: "pulumi config rm hostPort",
	});
	if (externalTrafficPolicy === "Local")
		return [
			refused("only with externalTrafficPolicy Cluster: the control plane has no echo pod and would drop the packets"),
		];
	if (ipFamily === "ipv6")
		return [
			refused("only with ipFamily ipv4 or dual: it is published on 127.0.0.1, which leads to the node's IPv4 address"),
		];
	return [];
}

/** A repeated node has no effect; most likely another one was meant. */
function repetitions({ echoNodes }: Raw): FieldError[] {
	if (!Array.isArray(echoNodes)) return [];
	const errors = echoNodes.flatMap((got: unknown, i) => {
		const [field, first] = [`echoNodes[${i}]`, echoNodes.indexOf(got)];
		const allowed = `each node once; this repeats echoNodes[${first}]`;
		return first === i ? [] : [{ field, got, allowed, fix: `pulumi config rm --path '${field}'` }];
	});
	return errors.reverse(); // Last one first: each removal moves the entries behind it.
}

const workersOf = ({ clusterName, workers }: z.infer<typeof Named>): string[] =>
	nodeNames(clusterName, workers).slice(1);

/**
 * Checks the settings and fills in defaults that depend on other settings.
 * @throws UserError with all errors at once: field, value, what is allowed, and the command that fixes it
 */
export function parseLabConfig(raw: Raw): LabConfig {
	const { data, error } = Settings.safeParse(raw);
	const single = (error?.issues ?? []).flatMap((issue) => settingErrors(issue, raw));
	const errors = [...single, ...clusterErrors(raw), ...nodeErrors(raw), ...repetitions(raw), ...deadHostPort(raw)];
	if (data === undefined || errors.length > 0) throw new UserError(configErrorMessage(errors));
	const { cluster, kubeconfig = "", context = "" } = data;
	if (cluster === "existing") {
		return { ...data, cluster, kubeconfig, context, namespace: data.namespace ?? existingNamespace };
	}
	const workers = workersOf(data);
	const { namespace = "default", echoNodes = workers.slice(0, 1), clientNode = workers.at(-1) ?? "" } = data;
	return { ...data, cluster, namespace, echoNodes, clientNode };
}

/**
 * Parses a stack's settings as Pulumi passes them: as text, lists as JSON. Invalid JSON is kept, so that the error quotes it.
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

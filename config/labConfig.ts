import { z } from "zod";
import { type FieldError, fieldErrorLines, fieldErrorsOf, wherePulumiIs } from "../lib/fieldErrors.ts";
import { UserError } from "../lib/userError.ts";
import { KubeProxyMode, nodeNames } from "./clusterShape.ts";
import { clusterFaults, existingNamespace } from "./existingConfig.ts";
import { nodeNameFaults } from "./nodeNames.ts";
import { nodePorts } from "./nodePorts.ts";
import { usualSettings } from "./projectDefaults.ts";
import { image, label, nearest, oneOf, whole } from "./settingValues.ts";

/** They come with a cluster, so the lab cannot make them. */
const taken = ["kube-system", "kube-public", "kube-node-lease", "local-path-storage"];

const nodeName = z.string("a node's name");
const path = "the path of a kubeconfig";

export const Settings = z.strictObject({
	cluster: oneOf(["kind", "existing"]),
	/** Of an existing cluster: a path; its text stays in the file. */
	kubeconfig: z
		.string(path)
		.regex(/^[^\n]+$/, path)
		.optional(),
	/** Which of its contexts. */
	context: z.string("a context's name").min(1, "a context's name").optional(),
	// A node's name is at most 63 characters, as its label kubernetes.io/hostname is; "-control-plane" takes 14 of them.
	clusterName: label(49),
	workers: whole(1, 50),
	kubeProxyMode: oneOf(KubeProxyMode.options),
	nodePort: whole(nodePorts.first, nodePorts.last),
	/** Publishes the NodePort on 127.0.0.1 of the host; a change replaces the cluster. */
	hostPort: whole(1, 65535).optional(),
	replicas: whole(1, 100),
	externalTrafficPolicy: oneOf(["Cluster", "Local"]),
	sessionAffinity: oneOf(["None", "ClientIP"]),
	namespace: label(63)
		.refine((name) => !taken.includes(name), `a namespace of the lab's own, none of ${taken.join(", ")}`)
		.optional(),
	/** Where the echo runs; empty: anywhere. */
	echoNodes: z.array(nodeName, "a list of node names").optional(),
	/** Where dnsutils runs. */
	clientNode: nodeName.optional(),
	nodeImage: image,
	echoImage: image,
	dnsutilsImage: image,
	connectivity: oneOf(["base", "full"]),
	/** What the sample of a large existing cluster is drawn with. */
	sampleSeed: whole(0, 2 ** 31 - 1),
});
type Settings = z.infer<typeof Settings> & { namespace: string };

/** For a cluster of the lab's own, whose nodes are known by their names. */
export type KindConfig = Settings & { cluster: "kind"; echoNodes: string[]; clientNode: string };

/** For a cluster that exists: which nodes it has is to be read from it. */
export type ExistingConfig = Settings & { cluster: "existing"; kubeconfig: string; context: string };

/** Everything that the stack can be told, checked, with what follows from others. Descriptions, defaults: Pulumi.yaml. */
export type LabConfig = KindConfig | ExistingConfig;

type Raw = Record<string, unknown>;

/** The message of a configuration that cannot be used. */
export const faultMessage = (faults: FieldError[]): string =>
	[
		`the configuration has ${faults.length === 1 ? "a fault" : `${faults.length} faults`}; nothing was changed:`,
		...fieldErrorLines(faults),
		wherePulumiIs,
	].join("\n");

/** Makes the setting valid as it stands: fixes are to be pasted. Which other value was meant, only the user knows. */
function usualFix(field: string): string {
	const usual = usualSettings()[field];
	return usual === undefined ? `pulumi config rm ${field}` : `pulumi config set ${field} ${usual}`;
}

/** The faults of settings by themselves. */
function settingFaults(issue: z.core.$ZodIssue, raw: Raw): FieldError[] {
	if (issue.code === "unrecognized_keys") return issue.keys.map((field) => unknownSetting(field, raw[field]));
	const [setting = ""] = issue.path.map(String);
	const meant = issue.code === "invalid_value" ? nearest(String(raw[setting]), issue.values.map(String)) : undefined;
	const fix = meant === undefined ? usualFix(setting) : `pulumi config set ${setting} ${meant}`;
	return fieldErrorsOf(issue, raw).map(({ field, got, allowed }) => ({ field, got, allowed, fix }));
}

function unknownSetting(field: string, got: unknown): FieldError {
	const names = Object.keys(Settings.shape);
	const meant = nearest(field, names);
	const guess = meant === undefined ? "" : ` (was ${meant} meant?)`;
	// As it is called, not as a path: it may have a hyphen or a dot in it.
	const fix = `pulumi config rm '${field}'`;
	return { field, got, allowed: `no such setting${guess}; there are ${names.join(", ")}`, fix };
}

const Named = z.object({ clusterName: Settings.shape.clusterName, workers: Settings.shape.workers });

/** The faults that only show when settings are seen together: nodes must be workers of this cluster. */
function nodeFaults(raw: Raw): FieldError[] {
	if (raw.cluster === "existing") return []; // What nodes it has is to be read from it.
	const named = Named.safeParse(raw);
	if (!named.success) return []; // What its workers are called is not known.
	const workers = workersOf(named.data);
	// Ordinary pods do not run on the control plane: kubeadm taints it.
	return nodeNameFaults(raw, workers, `a worker of this cluster: ${workers.join(", ")}`);
}

/** A published port leads to the control plane, which no pod of the echo's runs on. */
function deadHostPort({ cluster, hostPort, externalTrafficPolicy }: Raw): FieldError[] {
	if (cluster !== "kind" || hostPort === undefined || externalTrafficPolicy !== "Local") return [];
	const allowed =
		"nothing, as externalTrafficPolicy is Local: it leads to the control plane, which then drops what it is sent";
	return [{ field: "hostPort", got: hostPort, allowed, fix: "pulumi config rm hostPort" }];
}

/** A node in the list twice says nothing, and is most likely another one's place. */
function repetitions({ echoNodes }: Raw): FieldError[] {
	if (!Array.isArray(echoNodes)) return [];
	const faults = echoNodes.flatMap((got: unknown, i) => {
		const [field, first] = [`echoNodes[${i}]`, echoNodes.indexOf(got)];
		const allowed = `each node once, and echoNodes[${first}] names it`;
		return first === i ? [] : [{ field, got, allowed, fix: `pulumi config rm --path '${field}'` }];
	});
	return faults.reverse(); // The last one first: each removal moves those behind it.
}

const workersOf = ({ clusterName, workers }: z.infer<typeof Named>): string[] =>
	nodeNames(clusterName, workers).slice(1);

/**
 * Checks raw settings and fills in what follows from others.
 * @throws UserError naming every fault at once: field, value, what is allowed, the command that mends it
 */
export function parseLabConfig(raw: Raw): LabConfig {
	const { data, error } = Settings.safeParse(raw);
	const alone = (error?.issues ?? []).flatMap((issue) => settingFaults(issue, raw));
	const faults = [...alone, ...clusterFaults(raw), ...nodeFaults(raw), ...repetitions(raw), ...deadHostPort(raw)];
	if (data === undefined || faults.length > 0) throw new UserError(faultMessage(faults));
	const { cluster, kubeconfig = "", context = "" } = data;
	if (cluster === "existing") {
		return { ...data, cluster, kubeconfig, context, namespace: data.namespace ?? existingNamespace };
	}
	const workers = workersOf(data);
	const { namespace = "default", echoNodes = workers.slice(0, 1), clientNode = workers.at(-1) ?? "" } = data;
	return { ...data, cluster, namespace, echoNodes, clientNode };
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

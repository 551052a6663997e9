/** A cluster that the lab didn't create: with plain kind, outside any stack. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { parse, stringify } from "yaml";
import { clusterName } from "./testResources.ts";

/** The machine may have cgroup v1. A stopped node becomes NotReady after 16 s instead of 50 s. */
const patches = [
	stringify({ kind: "KubeletConfiguration", failCgroupV1: false, nodeLeaseDurationSeconds: 8 }),
	stringify({
		kind: "ClusterConfiguration",
		controllerManager: { extraArgs: [{ name: "node-monitor-grace-period", value: "16s" }] },
	}),
];

const images = ["nodeport-lab/echo:0.1.0", "nodeport-lab/dnsutils:0.1.0"];

interface KubeconfigFile {
	clusters: { name: string; cluster: Record<string, string> }[];
	users: { name: string; user: Record<string, string> }[];
	contexts: { name: string; context: Record<string, string> }[];
}

/** https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/#audit-k8s-io-v1-Event */
export interface AuditEvent {
	verb: string;
	userAgent: string;
	/** Absent for requests such as /version. */
	objectRef?: { resource: string; subresource?: string; apiGroup?: string; namespace?: string };
	responseStatus?: { code: number };
}

const restrictedUser = { name: "lab-user", namespace: "default" };

/** Where the node has the audit log and its policy. */
const auditFolder = "/etc/kubernetes/audit";

const auditPolicy = {
	apiVersion: "audit.k8s.io/v1",
	kind: "Policy",
	omitStages: ["RequestReceived"],
	rules: [
		{ level: "Metadata", users: [`system:serviceaccount:${restrictedUser.namespace}:${restrictedUser.name}`] },
		{ level: "None" },
	],
};

const auditedApiServer = {
	kind: "ClusterConfiguration",
	apiServer: {
		extraArgs: [
			{ name: "audit-policy-file", value: `${auditFolder}/policy.yaml` },
			{ name: "audit-log-path", value: `${auditFolder}/audit.log` },
		],
		extraVolumes: [{ name: "audit", hostPath: auditFolder, mountPath: auditFolder, pathType: "DirectoryOrCreate" }],
	},
};

/** A program's path: a test later puts another one of that name first on PATH. */
const locate = async (program: string) => (await execa("which", [program])).stdout;

export class PlainCluster {
	readonly name: string;
	/** The administrator's. */
	readonly kubeconfig: string;
	private readonly programs: { docker: string; kind: string };

	private constructor(name: string, kubeconfig: string, programs: { docker: string; kind: string }) {
		this.name = name;
		this.kubeconfig = kubeconfig;
		this.programs = programs;
	}

	/**
	 * @param folder for its kubeconfig
	 * @param workers @default 3
	 * @param auditLog whether the API server logs what the restricted user requests
	 */
	static async create(
		folder: string,
		kubeProxyMode: string,
		{ workers = 3, auditLog = false } = {},
	): Promise<PlainCluster> {
		const [docker, kind] = [await locate("docker"), await locate("kind")];
		await mkdir(folder, { recursive: true });
		const cluster = new PlainCluster(`${clusterName}-${kubeProxyMode}`, join(folder, kubeProxyMode), { docker, kind });
		const audit = join(folder, "audit");
		const extraMounts = auditLog ? [{ hostPath: audit, containerPath: auditFolder }] : [];
		const auditPatches = auditLog ? [stringify(auditedApiServer)] : [];
		if (auditLog) {
			await mkdir(audit);
			await writeFile(join(audit, "policy.yaml"), stringify(auditPolicy));
		}
		const config = stringify({
			kind: "Cluster",
			apiVersion: "kind.x-k8s.io/v1alpha4",
			networking: { kubeProxyMode },
			nodes: [{ role: "control-plane", extraMounts }, ...Array(workers).fill({ role: "worker" })],
			kubeadmConfigPatches: [...patches, ...auditPatches],
		});
		const args = ["--name", cluster.name, "--image", "nodeport-lab/node:1.36", "--kubeconfig", cluster.kubeconfig];
		await execa(kind, ["create", "cluster", ...args, "--config", "-", "--wait", "120s"], { input: config });
		await execa(kind, ["load", "docker-image", ...images, "--name", cluster.name]);
		// kind waits for the control plane only. What becomes ready later would look like a change by the lab.
		await cluster.kubectl(
			"wait",
			"deployments",
			"--all",
			"--all-namespaces",
			"--for=condition=Available",
			"--timeout=120s",
		);
		await cluster.kubectl("wait", "pods", "--all", "--all-namespaces", "--for=condition=Ready", "--timeout=120s");
		return cluster;
	}

	async delete(): Promise<void> {
		await execa(this.programs.kind, ["delete", "cluster", "--name", this.name, "--kubeconfig", this.kubeconfig]);
	}

	async kubectl(...args: string[]): Promise<string> {
		return (await execa("kubectl", ["--kubeconfig", this.kubeconfig, ...args])).stdout;
	}

	async apply(object: object): Promise<void> {
		const input = JSON.stringify(object);
		await execa("kubectl", ["--kubeconfig", this.kubeconfig, "apply", "--filename", "-"], { input });
	}

	async nodes(): Promise<string[]> {
		return (await this.kubectl("get", "nodes", "--output=jsonpath={.items[*].metadata.name}")).split(" ");
	}

	/** Runs a script in a shell on every node. */
	async onNodes(script: string): Promise<void> {
		for (const node of await this.nodes()) await this.onNode(node, script);
	}

	/** Runs a script in a shell on one node. */
	async onNode(node: string, script: string): Promise<void> {
		await execa(this.programs.docker, ["exec", node, "sh", "-ec", script]);
	}

	/** Binds docs/rbac.yaml to a ServiceAccount. @returns the path of its kubeconfig, whose context is "restricted" */
	async restrictedKubeconfig(): Promise<string> {
		await this.kubectl("apply", "--filename", "docs/rbac.yaml");
		const { name, namespace } = restrictedUser;
		await this.kubectl("create", "serviceaccount", name, "--namespace", namespace);
		const subject = ["--clusterrole", "nodeport-lab", "--serviceaccount", `${namespace}:${name}`];
		await this.kubectl("create", "clusterrolebinding", "nodeport-lab", ...subject);
		const token = await this.kubectl("create", "token", name, "--namespace", namespace, "--duration", "2h");
		const { clusters } = parse(await readFile(this.kubeconfig, "utf8")) as KubeconfigFile;
		const [cluster] = clusters.map(({ name }) => name);
		const path = `${this.kubeconfig}-restricted`;
		const context = { name: "restricted", context: { cluster, user: name } };
		const other = { name: "other", context: { cluster: "nowhere", user: name } };
		const users = [{ name, user: { token } }];
		const file = { apiVersion: "v1", kind: "Config", clusters, users, contexts: [other, context] };
		await writeFile(path, stringify({ ...file, "current-context": "other" }), { mode: 0o600 });
		return path;
	}

	/** What the restricted user has requested of an API server that logs it. */
	async audited(): Promise<AuditEvent[]> {
		const node = (await this.nodes()).find((name) => name.endsWith("control-plane")) ?? "";
		const log = ["exec", node, "cat", `${auditFolder}/audit.log`];
		const { stdout } = await execa(this.programs.docker, log, { stripFinalNewline: false });
		// The API server may be writing the last line.
		const lines = stdout.split("\n").slice(0, -1);
		return lines.map((line) => JSON.parse(line) as AuditEvent);
	}

	/** The secrets in a kubeconfig of this cluster, which must not be anywhere else. */
	async secrets(path: string): Promise<string[]> {
		const { clusters, users } = parse(await readFile(path, "utf8")) as KubeconfigFile;
		const all = [...clusters.map(({ cluster }) => cluster), ...users.map(({ user }) => user)];
		const secret = ["certificate-authority-data", "client-certificate-data", "client-key-data", "token"];
		return all.flatMap((part) => secret.flatMap((key) => part[key] ?? []));
	}

	/** All objects outside a namespace, without their status and without kinds that change by themselves. */
	async objectsOutside(namespace: string): Promise<Record<string, unknown>> {
		const kinds = (await this.kubectl("api-resources", "--verbs=list", "--output=name")).split("\n");
		const lasting = kinds.filter((kind) => !/^(events|leases|componentstatuses|.*\.metrics\.k8s\.io)/.test(kind));
		const list = await this.kubectl("get", lasting.join(","), "--all-namespaces", "--output=json");
		const { items } = JSON.parse(list) as { items: Record<string, never>[] };
		const outside = items.filter(
			({ kind, metadata }: { kind?: string; metadata?: { name: string; namespace?: string } }) =>
				metadata?.namespace !== namespace && !(kind === "Namespace" && metadata?.name === namespace),
		);
		return Object.fromEntries(
			outside.map((object) => {
				const { status: _, kind, metadata, ...set } = object as Record<string, Record<string, string>>;
				const { name, namespace = "", uid, labels, annotations } = metadata ?? {};
				return [`${kind} ${namespace}/${name}`, { uid, labels, annotations, set }];
			}),
		);
	}
}

/** A cluster that the lab didn't create: with plain kind, outside any stack. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { parse, stringify } from "yaml";
import { clusterName } from "./leftovers.ts";

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

	/** @param folder for its kubeconfig */
	static async create(folder: string, kubeProxyMode: string): Promise<PlainCluster> {
		const [docker, kind] = [await locate("docker"), await locate("kind")];
		await mkdir(folder, { recursive: true });
		const cluster = new PlainCluster(`${clusterName}-${kubeProxyMode}`, join(folder, kubeProxyMode), { docker, kind });
		const config = stringify({
			kind: "Cluster",
			apiVersion: "kind.x-k8s.io/v1alpha4",
			networking: { kubeProxyMode },
			nodes: ["control-plane", "worker", "worker", "worker"].map((role) => ({ role })),
			kubeadmConfigPatches: patches,
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
		await this.kubectl("create", "serviceaccount", "lab-user", "--namespace", "default");
		const subject = ["--clusterrole", "nodeport-lab", "--serviceaccount", "default:lab-user"];
		await this.kubectl("create", "clusterrolebinding", "nodeport-lab", ...subject);
		const token = await this.kubectl("create", "token", "lab-user", "--namespace", "default", "--duration", "2h");
		const { clusters } = parse(await readFile(this.kubeconfig, "utf8")) as KubeconfigFile;
		const [cluster] = clusters.map(({ name }) => name);
		const path = `${this.kubeconfig}-restricted`;
		const context = { name: "restricted", context: { cluster, user: "lab-user" } };
		const other = { name: "other", context: { cluster: "nowhere", user: "lab-user" } };
		const users = [{ name: "lab-user", user: { token } }];
		const file = { apiVersion: "v1", kind: "Config", clusters, users, contexts: [other, context] };
		await writeFile(path, stringify({ ...file, "current-context": "other" }), { mode: 0o600 });
		return path;
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

/**
 * A registry next to a cluster, as https://kind.sigs.k8s.io/docs/user/local-registry/ describes it: a container that pushes
 * reach on localhost, and nodes by its name.
 */
import { z } from "zod";
import { attempt, run } from "../../lib/subprocess.ts";
import { docker, ensureImage, findNodes, kindNetwork } from "../docker.ts";
import { kubeconfigPath } from "../kubeconfigFile.ts";
import { ownerIn } from "../owner.ts";

export const Registry = z.object({ name: z.string(), port: z.int(), image: z.string() });
export type Registry = z.infer<typeof Registry>;

/** Set on a registry that this project started: the creation id of the cluster that it was started for. */
const label = "nodeport-lab/registry";
const internalPort = 5000;

const Container = z.object({
	State: z.object({ Running: z.boolean() }),
	Config: z.object({ Labels: z.record(z.string(), z.string()).nullable() }),
	HostConfig: z.object({
		PortBindings: z.record(z.string(), z.array(z.object({ HostPort: z.string() })).nullable()).nullable(),
	}),
	NetworkSettings: z.object({ Networks: z.record(z.string(), z.unknown()) }),
});
type Container = z.infer<typeof Container>;

/**
 * Starts the registry unless it exists, and lets the cluster's nodes pull from it. It replaces one that this owner started under
 * another name. @returns where to push: localhost:5001
 */
export async function addRegistry(cluster: { name: string; id: string }, registry: Registry): Promise<string> {
	await removeRenamed(cluster.id, registry);
	await startRegistry(cluster.id, registry);
	const nodes = (await findNodes(cluster.name)).filter(({ isLoadBalancer }) => !isLoadBalancer);
	await Promise.all(nodes.map(({ name }) => configureNode(name, registry)));
	await announce(cluster.name, registry);
	return `localhost:${registry.port}`;
}

async function startRegistry(id: string, { name, port, image }: Registry): Promise<void> {
	let found = await find(name);
	if (found && portOf(found) !== port) {
		if (!isOwn(found, id)) throw new Error(otherPort(name, port, found));
		await remove(name);
		found = undefined;
	}
	if (!found) {
		await ensureImage(image);
		const publish = ["--publish", `127.0.0.1:${port}:${internalPort}`];
		const options = ["--name", name, "--restart=always", "--network", kindNetwork, "--label", `${label}=${id}`];
		await docker("run", "--detach", ...options, ...publish, image);
		return;
	}
	if (!found.State.Running) await docker("start", name);
	if (!(kindNetwork in found.NetworkSettings.Networks)) await docker("network", "connect", kindNetwork, name);
}

/** Before the new one needs its port. */
async function removeRenamed(id: string, { name }: Registry): Promise<void> {
	const list = await docker(
		"ps",
		"--all",
		"--filter",
		`label=${label}`,
		"--format",
		`{{.Names}} {{.Label "${label}"}}`,
	);
	for (const line of list.split("\n").filter(Boolean)) {
		const [other = "", creationId = ""] = line.split(" ");
		if (other !== name && ownerIn(creationId) === ownerIn(id)) await remove(other);
	}
}

/** Whether this project started it for a cluster of the same owner. */
const isOwn = ({ Config }: Container, id: string): boolean => ownerIn(Config.Labels?.[label] ?? "") === ownerIn(id);

/** With the images in it. */
const remove = (name: string): Promise<string> => docker("rm", "--force", "--volumes", name);

const portOf = ({ HostConfig }: Container): number =>
	Number(HostConfig.PortBindings?.[`${internalPort}/tcp`]?.[0]?.HostPort ?? 0);

function otherPort(name: string, port: number, found: Container): string {
	const is = portOf(found);
	const published = is === 0 ? "doesn't publish its port 5000" : `publishes its port 5000 as ${is}`;
	const use = is === 0 ? "" : `set registry.port to ${is}, or `;
	return `registry.port: got ${port}, but the container "${name}" ${published}; fix: ${use}choose another registry.name`;
}

async function find(name: string): Promise<Container | undefined> {
	const { ok, stdout, stderr, message } = await attempt("docker", ["container", "inspect", name]);
	if (ok) return z.tuple([Container]).parse(JSON.parse(stdout))[0];
	if (!/no such container/i.test(stderr)) throw new Error(message);
	return undefined;
}

/** containerd reads hosts.toml at each pull, but only if its own configuration names the folder; kind's doesn't. */
const configure = `set -e
config=/etc/containerd/config.toml hosts=/etc/containerd/certs.d
mkdir -p "$hosts/localhost:$2"
printf '[host."http://%s:${internalPort}"]\\n' "$1" > "$hosts/localhost:$2/hosts.toml"
if ! grep -q config_path "$config"; then
	plugin=io.containerd.cri.v1.images
	if grep -q '^version *= *2' "$config"; then plugin=io.containerd.grpc.v1.cri; fi
	printf '\\n[plugins."%s".registry]\\n  config_path = "%s"\\n' "$plugin" "$hosts" >> "$config"
	systemctl restart containerd
fi`;

const configureNode = (node: string, { name, port }: Registry): Promise<string> =>
	docker("exec", node, "sh", "-c", configure, "sh", name, String(port));

/** https://github.com/kubernetes/enhancements/tree/master/keps/sig-cluster-lifecycle/generic/1755-communicating-a-local-registry */
async function announce(cluster: string, { port }: Registry): Promise<void> {
	const help = "https://kind.sigs.k8s.io/docs/user/local-registry/";
	const configMap = {
		apiVersion: "v1",
		kind: "ConfigMap",
		metadata: { name: "local-registry-hosting", namespace: "kube-public" },
		data: { "localRegistryHosting.v1": `host: "localhost:${port}"\nhelp: "${help}"\n` },
	};
	const apply = ["--kubeconfig", kubeconfigPath(cluster), "apply", "--filename", "-"];
	await run("kubectl", apply, { input: JSON.stringify(configMap) });
}

/** Removes a registry that `addRegistry` started for this owner, with its images. Another one stays. */
export async function removeRegistry(id: string, { name }: Registry): Promise<void> {
	const found = await find(name);
	if (found && isOwn(found, id)) await remove(name);
}

/** The way into a cluster that exists: its nodes running, and a kubeconfig for them. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { docker, findNodes, isFinished, type NodeContainer } from "./docker.ts";
import { locked } from "./lock.ts";
import { refuseStrangers } from "./owner.ts";
import { attempt, run } from "./programs.ts";

/** Where the cluster's kubeconfig is kept, relative to the project. */
export const kubeconfigPath = (name: string): string => join(".kube", `${name}.yaml`);

/** Makes the kubeconfig's folder, which is its owner's alone; kind would make one that is open to all. */
export async function makeFolder(name: string): Promise<void> {
	await mkdir(dirname(kubeconfigPath(name)), { recursive: true, mode: 0o700 });
}

/** The access that the kubeconfig was last written for; undefined where there is no such file. */
async function lastAccess(name: string): Promise<string | undefined> {
	const path = kubeconfigPath(name);
	return existsSync(path) ? /^# access ([0-9a-f]+)$/m.exec(await readFile(path, "utf8"))?.[1] : undefined;
}

async function answers(name: string): Promise<boolean> {
	const ask = ["get", "--raw=/readyz", "--request-timeout=3s"];
	return (await attempt("kubectl", ["--kubeconfig", kubeconfigPath(name), ...ask])).ok;
}

/**
 * Names the last time that the cluster was made reachable, else a new name: nodes that are stopped or still starting,
 * or a lost kubeconfig, are mended by running that command again, without another cluster.
 */
export async function accessId(name: string): Promise<string> {
	return (await currentAccess(name, await findNodes(name))) ?? randomBytes(4).toString("hex");
}

async function currentAccess(name: string, nodes: NodeContainer[]): Promise<string | undefined> {
	const running = nodes.length > 0 && nodes.every((node) => node.state === "running");
	const last = running ? await lastAccess(name) : undefined;
	return last !== undefined && (await answers(name)) ? last : undefined;
}

/**
 * Brings every node up, waits until each is Ready with an InternalIP and a podCIDR (at most 180 s), writes the
 * kubeconfig (0600) and returns it.
 */
export const openAccess = (name: string, access: string): Promise<string> =>
	locked(name, async () => open(name, access, await findNodes(name)));

async function open(name: string, access: string, nodes: NodeContainer[]): Promise<string> {
	const since = await wake(nodes);
	const text = `# access ${access}\n${await run("kind", ["get", "kubeconfig", "--name", name])}\n`;
	const path = kubeconfigPath(name);
	const unproven = `${path}.new`;
	await makeFolder(name);
	await writeFile(unproven, text, { mode: 0o600 });
	await heardOf(nodes, since, unproven);
	// By name: a Node whose container is gone would never be ready, and is the update's to mend.
	const names = nodes.map((node) => `node/${node.name}`);
	for (const condition of ["condition=Ready", "jsonpath={.spec.podCIDR}"]) {
		const wait = ["wait", ...names, "--timeout=180s", `--for=${condition}`];
		await run("kubectl", ["--kubeconfig", unproven, ...wait], { show: true });
	}
	await rename(unproven, path);
	return text;
}

/** Starts what is stopped, wakes what is paused. @returns since when every kubelet has been at work again */
async function wake(nodes: NodeContainer[]): Promise<Date> {
	const resting = nodes.filter(({ state }) => state !== "running");
	if (resting.length === 0) return new Date(Math.max(...nodes.map(({ startedAt }) => Date.parse(startedAt))));
	const woken = new Date();
	for (const node of resting) await docker(node.state === "paused" ? "unpause" : "start", node.name);
	return woken;
}

/** Until a restarted kubelet has renewed its lease, what the API says of its node and pods is from before. */
async function heardOf(nodes: NodeContainer[], since: Date, kubeconfig: string): Promise<void> {
	const names = nodes.map((node) => node.name);
	console.error(`waiting for the kubelets of ${names.join(", ")}`);
	const template = '{range .items[*]}{.metadata.name} {.spec.renewTime}{"\\n"}{end}';
	const read = [
		"get",
		"leases",
		"--namespace=kube-node-lease",
		"--request-timeout=5s",
		`--output=jsonpath=${template}`,
	];
	let last = "";
	for (const deadline = Date.now() + 180_000; Date.now() < deadline; await sleep(1000)) {
		const { stdout, message } = await attempt("kubectl", ["--kubeconfig", kubeconfig, ...read]);
		const renewed = new Map(stdout.split("\n").map((line) => line.split(" ") as [string, string]));
		if (names.every((name) => new Date(renewed.get(name) ?? 0) > since)) return;
		last = message; // The API server may be among what has just been started.
	}
	throw new Error(
		last || `not every kubelet of ${names.join(", ")} was heard of within 180 s: see \`docker logs <node>\``,
	);
}

/**
 * Waits until the owner's cluster is reachable, starting its nodes where they are stopped: a refresh would take
 * everything in it for lost. A cluster that was never finished is left to the update.
 * @returns whether it can be reached now
 * @throws where the name is somebody else's
 */
export async function wakeCluster(name: string, owner: string): Promise<boolean> {
	if ((await findNodes(name)).length === 0) return false;
	return locked(name, async () => {
		const nodes = await findNodes(name); // Who had the lock may have changed them.
		refuseStrangers("cluster", name, nodes, owner);
		if (nodes.length === 0) return false;
		if (!(await isFinished(name))) {
			console.error(`the cluster ${name} is half made, as after an interruption: the update makes it anew`);
			return false;
		}
		const reachable = await currentAccess(name, nodes);
		if (!reachable) await open(name, (await lastAccess(name)) ?? randomBytes(4).toString("hex"), nodes);
		return true;
	});
}

/** Removes the kubeconfig; succeeds where there is none. */
export async function closeAccess(name: string): Promise<void> {
	for (const path of [kubeconfigPath(name), `${kubeconfigPath(name)}.new`]) await rm(path, { force: true });
}

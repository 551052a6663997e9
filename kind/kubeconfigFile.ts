/** The way into a cluster that exists: its nodes running, and a kubeconfig for them. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { locked } from "../lib/lock.ts";
import { run } from "../lib/subprocess.ts";
import { docker, findNodes, isFinished, type NodeContainer } from "./docker.ts";
import { readHeartbeats, withoutHeartbeat } from "./heartbeats.ts";
import { refuseStrangers } from "./owner.ts";

/** Where the cluster's kubeconfig is kept, relative to the project. */
export const kubeconfigPath = (name: string): string => join(".kube", `${name}.yaml`);

/** Makes the kubeconfig's folder, its owner's alone: kind would make one that is open to all, and older versions did. */
export async function makeFolder(name: string): Promise<void> {
	const folder = dirname(kubeconfigPath(name));
	await mkdir(folder, { recursive: true });
	await chmod(folder, 0o700);
}

/** The access that the kubeconfig was last written for; undefined where there is no such file. */
async function lastAccess(name: string): Promise<string | undefined> {
	const path = kubeconfigPath(name);
	return existsSync(path) ? /^# access ([0-9a-f]+)$/m.exec(await readFile(path, "utf8"))?.[1] : undefined;
}

/**
 * Names the last time that the cluster was made reachable, else a new name: nodes that are stopped or still starting or
 * have got another address, or a lost kubeconfig, are mended by running that command again, without another cluster.
 */
export async function accessId(name: string): Promise<string> {
	return (await currentAccess(name, await findNodes(name))) ?? randomBytes(4).toString("hex");
}

async function currentAccess(name: string, nodes: NodeContainer[]): Promise<string | undefined> {
	const running = nodes.length > 0 && nodes.every((node) => node.state === "running");
	const last = running ? await lastAccess(name) : undefined;
	if (last === undefined) return undefined;
	const known = await readHeartbeats(kubeconfigPath(name));
	return withoutHeartbeat(known, nodes, ({ startedAt }) => new Date(startedAt)).length === 0 ? last : undefined;
}

/**
 * Brings every node up, waits until each is Ready with an InternalIP and a podCIDR (at most 180 s), writes the
 * kubeconfig (0600) and returns it.
 */
export const openAccess = (name: string, access: string): Promise<string> =>
	locked(name, async () => open(name, access, await findNodes(name)));

async function open(name: string, access: string, found: NodeContainer[]): Promise<string> {
	const since = await wake(found);
	const nodes = await findNodes(name); // A node that was started may have got another address.
	const text = `# access ${access}\n${await run("kind", ["get", "kubeconfig", "--name", name])}\n`;
	const path = kubeconfigPath(name);
	const unproven = `${path}.new`;
	await makeFolder(name);
	await writeFile(unproven, text, { mode: 0o600 });
	await untilHeard(nodes, since, unproven);
	// By name: a Node whose container is gone would never be ready, and is the update's to mend.
	const names = nodes.map((node) => `node/${node.name}`);
	const wait = ["--kubeconfig", unproven, "wait", ...names, "--timeout=180s"];
	const conditions = ["--for=condition=Ready", "--for=jsonpath={.spec.podCIDR}"];
	console.error("waiting until they are Ready");
	// What kubectl says meanwhile is of its own connections; why it fails is in the error.
	await Promise.all(conditions.map((condition) => run("kubectl", [...wait, condition])));
	await rename(unproven, path);
	return text;
}

/** Starts what is stopped, wakes what is paused. @returns since when every kubelet has been at work again */
async function wake(nodes: NodeContainer[]): Promise<Date> {
	const resting = nodes.filter(({ state }) => state !== "running");
	if (resting.length === 0) return new Date(Math.max(...nodes.map(({ startedAt }) => Date.parse(startedAt))));
	const woken = new Date();
	for (const { name, state } of resting) {
		console.error(`node ${name} is ${state}: ${state === "paused" ? "waking" : "starting"} it`);
		await docker(state === "paused" ? "unpause" : "start", name);
	}
	return woken;
}

/** Until a restarted kubelet has renewed its lease, what the API says of its node and pods is from before. */
async function untilHeard(nodes: NodeContainer[], since: Date, kubeconfig: string): Promise<void> {
	console.error(`waiting for the kubelets of ${nodes.map(({ name }) => name).join(", ")}`);
	let silent: string[] = [];
	let last = "";
	for (const deadline = Date.now() + 180_000; Date.now() < deadline; await sleep(1000)) {
		const known = await readHeartbeats(kubeconfig);
		silent = withoutHeartbeat(known, nodes, () => since);
		if (silent.length === 0) return;
		last = known.message; // The API server may be among what has just been started.
	}
	throw new Error(
		last || `the kubelet of ${silent.join(", ")} was not heard of within 180 s: see \`docker logs <node>\``,
	);
}

/**
 * Waits until the owner's cluster is reachable, starting its nodes where they are stopped: a refresh would take
 * everything in it for lost. A cluster that cannot be used any more, or is gone, is left to the update; says so.
 * @returns whether it can be reached now
 * @throws where the name is somebody else's
 */
export async function wakeCluster(name: string, owner: string): Promise<boolean> {
	const anew = (found: string) => console.error(`${found}: the update makes it anew`);
	if ((await findNodes(name)).length === 0) {
		if (existsSync(kubeconfigPath(name))) anew(`the cluster ${name} is gone, as after \`kind delete cluster\``);
		return false;
	}
	return locked(name, async () => {
		const nodes = await findNodes(name); // Who had the lock may have changed them.
		refuseStrangers("cluster", name, nodes, owner);
		if (nodes.length === 0) return false;
		const damage = await beyondRepair(name, nodes);
		if (damage) {
			anew(`the cluster ${name} ${damage}`);
			return false;
		}
		const reachable = await currentAccess(name, nodes);
		if (!reachable) await open(name, (await lastAccess(name)) ?? randomBytes(4).toString("hex"), nodes);
		const lost = await lostNodes(name, nodes);
		if (lost.length > 0) anew(`the cluster ${name} has lost the container of ${lost.join(", ")}`);
		return true;
	});
}

/** Why a cluster cannot be woken. Its parts are made by kind, and only all together. */
async function beyondRepair(name: string, nodes: NodeContainer[]): Promise<string | undefined> {
	const cutOff = nodes.flatMap((node) => (node.isCutOff ? node.name : [])).sort();
	if (cutOff.length > 0) return `has lost its Docker network, without which ${cutOff.join(", ")} cannot be used`;
	if (!nodes.some((node) => node.name === `${name}-control-plane`)) return "has lost its control plane";
	return (await isFinished(name)) ? undefined : "is half made, as after an interruption";
}

/** Nodes of the cluster that have no container any more. */
async function lostNodes(cluster: string, nodes: NodeContainer[]): Promise<string[]> {
	const { byName } = await readHeartbeats(kubeconfigPath(cluster));
	return [...byName.keys()].filter((name) => !nodes.some((node) => node.name === name));
}

/** Removes the kubeconfig; succeeds where there is none. */
export async function closeAccess(name: string): Promise<void> {
	for (const path of [kubeconfigPath(name), `${kubeconfigPath(name)}.new`]) await rm(path, { force: true });
}

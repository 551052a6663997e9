/** The way into a cluster that exists: its nodes running, and a kubeconfig for them. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { docker, findNodes } from "./docker.ts";
import { locked } from "./lock.ts";

/** Where the cluster's kubeconfig is kept, relative to the project. */
export const kubeconfigPath = (name: string): string => join(".kube", `${name}.yaml`);

/** The access that the kubeconfig was last written for; undefined where there is no such file. */
async function lastAccess(name: string): Promise<string | undefined> {
	const path = kubeconfigPath(name);
	return existsSync(path) ? /^# access ([0-9a-f]+)$/m.exec(await readFile(path, "utf8"))?.[1] : undefined;
}

async function answers(name: string): Promise<boolean> {
	const ask = ["get", "--raw=/readyz", "--request-timeout=3s"];
	return !(await execa("kubectl", ["--kubeconfig", kubeconfigPath(name), ...ask], { reject: false })).failed;
}

/**
 * Names the last time that the cluster was made reachable, else a new name: nodes that are stopped or still starting,
 * or a lost kubeconfig, are mended by running that command again, without another cluster.
 */
export async function accessId(name: string): Promise<string> {
	const nodes = await findNodes(name);
	const running = nodes.length > 0 && nodes.every((node) => node.state === "running");
	const last = running ? await lastAccess(name) : undefined;
	return last !== undefined && (await answers(name)) ? last : randomBytes(4).toString("hex");
}

/** Starts what is stopped, wakes what is paused. */
export async function startNodes(name: string): Promise<void> {
	const resting = (await findNodes(name)).filter(({ state }) => state !== "running");
	for (const node of resting) await docker(node.state === "paused" ? "unpause" : "start", node.name);
}

/**
 * Brings every node up, waits until each is Ready with an InternalIP and a podCIDR (at most 180 s), writes the
 * kubeconfig (0600) and returns it.
 */
export async function openAccess(name: string, access: string): Promise<string> {
	return locked(name, async () => {
		const paused = (await findNodes(name)).some(({ state }) => state === "paused");
		const woken = new Date();
		await startNodes(name);
		const { stdout } = await execa("kind", ["get", "kubeconfig", "--name", name]);
		const text = `# access ${access}\n${stdout}\n`;
		const path = kubeconfigPath(name);
		await mkdir(dirname(path), { recursive: true, mode: 0o700 });
		await writeFile(`${path}.new`, text, { mode: 0o600 });
		const kubectl = (...args: string[]) =>
			execa("kubectl", ["--kubeconfig", `${path}.new`, ...args], { stderr: ["pipe", "inherit"] });
		const nodes = await findNodes(name);
		const since = paused ? woken : new Date(Math.max(...nodes.map(({ startedAt }) => Date.parse(startedAt))));
		await heardOf(
			nodes.map((node) => node.name),
			since,
			kubectl,
		);
		for (const condition of ["condition=Ready", "jsonpath={.spec.podCIDR}"]) {
			await kubectl("wait", "nodes", "--all", "--timeout=180s", `--for=${condition}`);
		}
		await rename(`${path}.new`, path);
		return text;
	});
}

/** Until a restarted kubelet has renewed its lease, what the API says of its node and pods is from before. */
async function heardOf(
	nodes: string[],
	since: Date,
	kubectl: (...args: string[]) => Promise<{ stdout: string }>,
): Promise<void> {
	const template = '{range .items[*]}{.metadata.name} {.spec.renewTime}{"\\n"}{end}';
	const read = [
		"get",
		"leases",
		"--namespace=kube-node-lease",
		"--request-timeout=5s",
		`--output=jsonpath=${template}`,
	];
	console.error(`waiting for the kubelets of ${nodes.join(", ")}`);
	let fault: unknown;
	for (const deadline = Date.now() + 180_000; Date.now() < deadline; await sleep(1000)) {
		try {
			const { stdout } = await kubectl(...read);
			const renewed = new Map(stdout.split("\n").map((line) => line.split(" ") as [string, string]));
			if (nodes.every((node) => new Date(renewed.get(node) ?? 0) > since)) return;
			fault = undefined;
		} catch (error) {
			fault = error; // The API server may be among what has just been started.
		}
	}
	throw fault ?? new Error(`no kubelet of ${nodes.join(", ")} was heard of within 180 s`);
}

/**
 * Waits until a living cluster of this project is reachable, starting its nodes where they are stopped. Without that, a
 * refresh would take everything in it for lost.
 */
export async function wakeCluster(name: string): Promise<void> {
	const nodes = await findNodes(name);
	if (nodes.length === 0 || nodes.some(({ creationId }) => creationId === undefined)) return;
	const id = await accessId(name);
	const last = await lastAccess(name);
	if (id !== last) await openAccess(name, last ?? id);
}

/** Removes the kubeconfig; succeeds where there is none. */
export async function closeAccess(name: string): Promise<void> {
	await rm(kubeconfigPath(name), { force: true });
}

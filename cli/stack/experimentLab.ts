/** The lab as experiments change it: with other settings, with stopped nodes, and all of it undone. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { startNode, stopNode } from "../../kind/kind.ts";
import { Cluster } from "../../kubernetes/liveCluster.ts";
import { poll } from "../../lib/poll.ts";
import type { Lab, ServiceScope, Settings } from "../../verification/experiments/support/experiment.ts";
import { LabSnapshot } from "../../verification/experiments/support/labSnapshot.ts";
import { readRulesets } from "../../verification/ruleset.ts";
import type { Status } from "../display/showWork.ts";
import { quietly } from "../update/update.ts";
import { settingsFile } from "./settings.ts";
import { stack } from "./stack.ts";
import { knownReport, sayTo } from "./stackReport.ts";

/** How long a started node may take to be Ready, in seconds. */
const readySeconds = 180;

/** The settings that every experiment starts from, independent of the stack's own. */
const start = (workers: readonly string[]): Settings => ({
	connectivity: "full",
	externalTrafficPolicy: "Cluster",
	sessionAffinity: "None",
	replicas: 1,
	echoNodes: workers.slice(0, 1),
	clientNode: workers.at(-1) ?? "",
});

export class ExperimentLab implements Lab {
	readonly signal: AbortSignal;
	readonly say: Status;
	readonly serviceCounts: readonly number[];
	private readonly actions: (() => Promise<unknown>)[] = [];

	/**
	 * @param signal ends what an experiment waits for, but not what restores the lab
	 * @param say receives what is being done
	 */
	constructor(signal: AbortSignal, say: Status, serviceCounts: readonly number[] = []) {
		this.signal = signal;
		this.say = say;
		this.serviceCounts = serviceCounts;
	}

	/** Updates the lab to these settings, and verifies it. The stack's tracked configuration file doesn't change. */
	async configure(settings: Settings): Promise<LabSnapshot> {
		const said = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
		this.say(`updating the lab${said.length > 0 ? `: ${said.join(", ")}` : ""}`);
		const folder = await mkdtemp(join(tmpdir(), "nodeport-lab-drawbacks-"));
		try {
			const configFile = join(folder, settingsFile(stack));
			await writeFile(configFile, await configured({ ...start(await workers()), ...settings }));
			this.signal.throwIfAborted();
			const { access } = new Cluster((await knownReport()).request);
			await quietly(["up", "--yes", "--skip-preview", "--suppress-outputs", "--config-file", configFile], { access });
		} finally {
			await rm(folder, { recursive: true, force: true });
		}
		return this.snapshot();
	}

	async snapshot({ rulesOn, ...of }: ServiceScope = {}): Promise<LabSnapshot> {
		this.signal.throwIfAborted();
		const { request } = await knownReport();
		const cluster = new Cluster(request);
		const objects = await cluster.snapshot({ ...request, ...of });
		const nodes = objects.nodes.filter(({ name }) => rulesOn?.includes(name) ?? true);
		const rulesets = await readRulesets(cluster, { ...objects, nodes }, sayTo(this.say));
		return new LabSnapshot(cluster, objects, rulesets);
	}

	async stopNode(name: string): Promise<void> {
		this.signal.throwIfAborted();
		this.say(`stopping ${name}`);
		this.afterwards(() => this.startNode(name));
		await stopNode(name);
	}

	async startNode(name: string): Promise<void> {
		this.say(`starting ${name}`);
		await startUntilReady(new Cluster((await knownReport()).request), name);
	}

	afterwards(action: () => Promise<unknown>): void {
		this.actions.push(action);
	}

	async sleep(seconds: number): Promise<void> {
		await sleep(seconds * 1000, undefined, { signal: this.signal }).catch(() => this.signal.throwIfAborted());
	}

	/** Runs the actions that were registered for afterwards, the last one first. @returns what failed */
	async restore(): Promise<string[]> {
		const faults: string[] = [];
		for (let action = this.actions.pop(); action; action = this.actions.pop()) {
			await action().catch((error: Error) => faults.push(error.message));
		}
		return faults;
	}
}

/** Starts a node, and waits until it is Ready and its kubelet runs programs again. */
export async function startUntilReady(cluster: Cluster, name: string): Promise<void> {
	const isUp = async () => {
		// Each time: the stop that Ctrl-C interrupted may come after the first start.
		await startNode(name);
		return answers(cluster, name);
	};
	if (!(await poll(isUp, { interval: 1000, seconds: readySeconds })))
		throw new Error(`${name} isn't Ready within ${readySeconds} s of its start`);
}

/** Names of the lab's workers. */
async function workers(): Promise<string[]> {
	return (await knownReport()).nodes.filter(({ role }) => role === "worker").map(({ name }) => name);
}

/** Whether the node is Ready, and its kubelet runs programs again. */
async function answers(cluster: Cluster, name: string): Promise<boolean> {
	const nodes = await cluster.nodes().catch(() => []); // The API server may be on the node that starts.
	if (!nodes.some((node) => node.name === name && node.ready)) return false;
	const proxies = await cluster.kubeProxies();
	const proxy = proxies.get(name);
	return proxy === undefined || (await cluster.run(proxy, ["true"], 5)).code === 0;
}

/** The text of the stack's configuration file with these settings. */
async function configured(settings: Settings): Promise<string> {
	const file = parse(await readFile(settingsFile(stack), "utf8"));
	const { name: project } = parse(await readFile("Pulumi.yaml", "utf8"));
	const config = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`${project}:${name}`, value]));
	return stringify({ ...file, config: { ...file.config, ...config } });
}

/** The lab as experiments change it: by Pulumi's Automation API, by nodes that stop, and all of it undone. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LocalWorkspace } from "@pulumi/pulumi/automation/index.js";
import { parse, stringify } from "yaml";
import { startNode, stopNode } from "../../kind/kind.ts";
import { Cluster } from "../../kubernetes/liveCluster.ts";
import type { Lab, Settings } from "../../verification/experiments/support/experiment.ts";
import { LabSnapshot } from "../../verification/experiments/support/labSnapshot.ts";
import { readRulesets } from "../../verification/ruleset.ts";
import { knownReport } from "./lab.ts";
import { settingsFile } from "./settings.ts";
import { stack } from "./stack.ts";

/** Longest time for a node that was started to be Ready, in seconds. */
const readySeconds = 180;

/** What every experiment starts from, whatever the stack says. */
const start = (workers: readonly string[]): Settings => ({
	connectivity: "full",
	externalTrafficPolicy: "Cluster",
	sessionAffinity: "None",
	replicas: 1,
	echoNodes: workers.slice(0, 1),
	clientNode: workers.at(-1) ?? "",
});

export class ExperimentLab implements Lab {
	private readonly signal: AbortSignal;
	private readonly actions: (() => Promise<unknown>)[] = [];

	/** @param signal ends whatever an experiment waits for, but not what puts things back */
	constructor(signal: AbortSignal) {
		this.signal = signal;
	}

	say(line: string): void {
		console.error(`  ${line}`);
	}

	/**
	 * Brings the lab into these settings, verified; what they leave open is as every experiment starts. The tracked
	 * configuration is not touched.
	 */
	async configure(settings: Settings): Promise<LabSnapshot> {
		const said = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
		this.say(`updating the lab${said.length > 0 ? `: ${said.join(", ")}` : ""}`);
		const folder = await mkdtemp(join(tmpdir(), "nodeport-lab-drawbacks-"));
		try {
			const configFile = join(folder, settingsFile(stack));
			await writeFile(configFile, await configured({ ...start(await workers()), ...settings }));
			await this.update(configFile);
		} finally {
			await rm(folder, { recursive: true, force: true });
		}
		return this.look();
	}

	private async update(configFile: string): Promise<void> {
		const workspace = await LocalWorkspace.selectStack({ stackName: stack, workDir: "." });
		this.signal.throwIfAborted();
		let said = "";
		const onOutput = (text: string) => {
			said += text;
		};
		// Not ended by the signal: Ctrl-C reaches Pulumi by itself, and a second one would make it abandon its state.
		await workspace.up({ configFile, suppressOutputs: true, onOutput, onError: onOutput }).catch(() => {
			throw new Error(`the update failed:\n${said.trim()}`);
		});
	}

	async look(): Promise<LabSnapshot> {
		this.signal.throwIfAborted();
		const { request } = await knownReport();
		const cluster = new Cluster(request);
		const view = await cluster.snapshot(request);
		return new LabSnapshot(cluster, view, await readRulesets(cluster, view, (line) => this.say(line)));
	}

	async stopNode(name: string): Promise<void> {
		this.signal.throwIfAborted();
		this.say(`stopping ${name}`);
		this.afterwards(() => this.startNode(name));
		await stopNode(name);
	}

	async startNode(name: string): Promise<void> {
		this.say(`starting ${name}`);
		const cluster = new Cluster((await knownReport()).request);
		for (let second = 0; second < readySeconds; second++) {
			// Each time: a stop that Ctrl-C broke off may come after the first start.
			await startNode(name);
			if (await answers(cluster, name)) return;
			await sleep(1000);
		}
		throw new Error(`${name} is not Ready within ${readySeconds} s of its start`);
	}

	afterwards(action: () => Promise<unknown>): void {
		this.actions.push(action);
	}

	async sleep(seconds: number): Promise<void> {
		await sleep(seconds * 1000, undefined, { signal: this.signal }).catch(() => this.signal.throwIfAborted());
	}

	/** Does all that was asked for afterwards, each whatever became of the others; @returns what went wrong */
	async putBack(): Promise<string[]> {
		const faults: string[] = [];
		for (let action = this.actions.pop(); action; action = this.actions.pop()) {
			await action().catch((error: Error) => faults.push(error.message));
		}
		return faults;
	}
}

/** Names of the lab's workers. */
async function workers(): Promise<string[]> {
	return (await knownReport()).nodes.filter(({ role }) => role === "worker").map(({ name }) => name);
}

/** Whether the node is Ready, and its kubelet lets programs run on it again. */
async function answers(cluster: Cluster, name: string): Promise<boolean> {
	const nodes = await cluster.nodes().catch(() => []); // The API server may be on the node that starts.
	if (!nodes.some((node) => node.name === name && node.ready)) return false;
	const proxies = await cluster.kubeProxies();
	const proxy = proxies.get(name);
	return proxy === undefined || (await cluster.run(proxy, ["true"], 5)).code === 0;
}

/** The stack's configuration file as it would be with these settings. */
async function configured(settings: Settings): Promise<string> {
	const file = parse(await readFile(settingsFile(stack), "utf8"));
	const { name: project } = parse(await readFile("Pulumi.yaml", "utf8"));
	const config = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`${project}:${name}`, value]));
	return stringify({ ...file, config: { ...file.config, ...config } });
}

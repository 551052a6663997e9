import { poll } from "../../../lib/poll.ts";
import type { Measurement } from "../model.ts";
import type { Experiment, Lab } from "../support/experiment.ts";
import { configureKubeProxy } from "../support/kubeProxyConfig.ts";
import type { LabSnapshot } from "../support/labSnapshot.ts";
import { measureRequest, quantile } from "../support/measurements.ts";
import { compareRounds, type Round } from "./costs.ts";
import { GeneratedServices } from "./generatedServices.ts";
import { type Mode, type ProgrammedRules, readProgrammedRules } from "./programmedRules.ts";
import { between, type ProxyMetrics, readProxyMetrics, secondsPerRound } from "./proxyMetrics.ts";

/** The time limit for writing all rules after a start of kube-proxy. */
const programmingSeconds = 300;

/** How many endpoint changes and connections are measured in each mode with each number of Services. */
const changes = 10;
const connections = 1000;

export const manyServices: Experiment = {
	name: "many-services",
	title: "Every Service costs every node",
	question: "What do thousands of Services cost a node, and which kube-proxy mode costs less?",
	workers: 1,
	onlyByName: true,
	changes: () => [{}],
	async measure(lab, snapshot): Promise<Measurement[]> {
		const generated = await GeneratedServices.create(lab, snapshot.cluster);
		const rounds: Round[] = [];
		let modes: Mode[] = ["iptables", "nftables"];
		for (const services of lab.serviceCounts) {
			await generated.growTo(services);
			for (const mode of modes) rounds.push(await measureRound(lab, snapshot, generated, mode));
			// Every second number of Services is measured in reverse order, so that no mode is always the last.
			modes = modes.toReversed();
		}
		return compareRounds(rounds);
	},
};

/** kube-proxy restarts: a process that wrote other rules before has more memory than it needs. */
async function measureRound(
	lab: Lab,
	start: LabSnapshot,
	generated: GeneratedServices,
	proxyMode: Mode,
): Promise<Round> {
	const services = generated.clusterIps.length;
	const said = `${services} ${services === 1 ? "Service" : "Services"}, ${proxyMode} mode`;
	lab.say(`${said}: restarting kube-proxy`);
	await configureKubeProxy(lab, start, { mode: proxyMode });
	const node = new MeasuredNode(lab, start, generated, proxyMode);
	const programmed = await node.programmed(said);
	lab.say(`${said}: predicting and sending a request`);
	const snapshot = await lab.snapshot();
	const request = await measureRequest(snapshot, snapshot.outside, snapshot.host, { proxyMode });
	const { full } = await node.metrics();
	lab.say(`${said}: changing an endpoint ${changes} times`);
	const change = await node.changeSeconds();
	lab.say(`${said}: opening ${connections} connections to the nodePort, one after the other`);
	const connection = await connectSeconds(snapshot);
	const { memory } = await node.metrics();
	const costs = { start: secondsPerRound(full), change, connection, memory };
	return { proxyMode, services, programmed, costs, request };
}

/** The node with the lab's pod, where the connections enter the cluster. */
class MeasuredNode {
	private readonly lab: Lab;
	private readonly snapshot: LabSnapshot;
	private readonly generated: GeneratedServices;
	private readonly mode: Mode;

	constructor(lab: Lab, snapshot: LabSnapshot, generated: GeneratedServices, mode: Mode) {
		this.lab = lab;
		this.snapshot = snapshot;
		this.generated = generated;
		this.mode = mode;
	}

	metrics(): Promise<ProxyMetrics> {
		const { cluster, host, objects } = this.snapshot;
		return readProxyMetrics(cluster, this.snapshot.on(host).run, objects.family);
	}

	/** The rules, once kube-proxy has written those of all Services; after the time limit, as they are. */
	async programmed(said: string): Promise<ProgrammedRules> {
		const { lab, generated } = this;
		const { cluster, host, objects } = this.snapshot;
		const all = generated.clusterIps.length;
		const isIdle = ({ full, pending }: ProxyMetrics) => full.rounds > 0 && pending === 0;
		const wait = { interval: 1000, seconds: programmingSeconds, signal: lab.signal };
		lab.say(`${said}: waiting until kube-proxy has written the rules`);
		await poll(async () => isIdle(await this.metrics().catch(() => this.none)), wait);
		const read = async () => {
			const proxy = (await cluster.kubeProxies([host.name])).get(host.name);
			if (!proxy) throw new Error(`${host.name} runs no kube-proxy pod`);
			return readProgrammedRules(cluster, proxy, this.mode, objects.family, generated.clusterIps);
		};
		return poll(read, { ...wait, until: ({ services }) => services === all });
	}

	/** While kube-proxy restarts, its metrics can't be read. */
	private readonly none: ProxyMetrics = {
		full: { rounds: 0, seconds: 0 },
		partial: { rounds: 0, seconds: 0 },
		pending: 0,
		memory: 0,
	};

	/** What kube-proxy takes to write the rules after one endpoint has changed. */
	async changeSeconds(): Promise<number> {
		const before = (await this.metrics()).partial;
		let last = before;
		for (let i = 0; i < changes; i++) {
			const { rounds } = last;
			await this.generated.changeEndpoint();
			const wait = { interval: 200, seconds: programmingSeconds, signal: this.lab.signal };
			const isWritten = ({ partial, pending }: ProxyMetrics) => partial.rounds > rounds && pending === 0;
			last = (await poll(() => this.metrics(), { ...wait, until: isWritten })).partial;
		}
		return secondsPerRound(between(before, last));
	}
}

/** The median time to establish a connection. The first ones find cold caches. */
async function connectSeconds(snapshot: LabSnapshot): Promise<number> {
	const address = snapshot.addressOf(snapshot.host);
	await snapshot.sendMany(snapshot.outside, address, connections / 10);
	const results = await snapshot.sendMany(snapshot.outside, address, connections);
	const unanswered = results.filter(({ node }) => node === undefined).length;
	if (unanswered > 0) throw new Error(`${unanswered} of ${results.length} requests to ${address} weren't answered`);
	return quantile(
		results.map(({ connectSeconds }) => connectSeconds),
		50,
	);
}

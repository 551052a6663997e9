/** The lab behind test/fixtures/trace, whose Service, nodes and rules the exercises can break. */
import { ApiException } from "@kubernetes/client-node";
import type { Client, Runner } from "../../../../kubernetes/clients.ts";
import { commandFor, type Ran } from "../../../../kubernetes/exec.ts";
import type { Cluster } from "../../../../kubernetes/liveCluster.ts";
import type { Diagnosis } from "../../../../verification/diagnosis/diagnosis.ts";
import type { DiagnosisFinding } from "../../../../verification/diagnosis/diagnosisFinding.ts";
import { LabSnapshot } from "../../../../verification/experiments/support/labSnapshot.ts";
import type { LabChange, LessonLab } from "../../../../verification/lesson/lessonLab.ts";
import { dnsutils, rulesets, snapshots } from "../trace/traceLab.ts";

export const serviceName = { namespace: "default", name: "nodeport-service" };

const rules = await rulesets();
const client: Client = {
	name: "dnsutils",
	run: { exec: { namespace: "default", pod: "dnsutils", container: "dnsutils" } },
	get: ["curl"],
};
const objects = { ...snapshots["nodeport-service"], clients: [{ ...client, place: dnsutils }] };
const echoNode = "nodeport-worker";

const ran = (code: number, stdout = "", stderr = ""): Ran => ({ code, stdout, stderr });

export class FakeLessonLab implements LessonLab {
	private readonly abort = new AbortController();
	readonly signal = this.abort.signal;
	/** What was done to the lab, in order. */
	readonly done: string[] = [];
	readonly service = {
		metadata: { ...serviceName, uid: "uid-1" },
		spec: { externalTrafficPolicy: "Cluster", ports: [{ port: 8080, targetPort: 8080, nodePort: 30040 }] },
	};
	readonly stopped = new Set<string>();
	/** By node, the rules in table mangle, chain PREROUTING. */
	readonly mangle = new Map<string, string[]>();
	/** Chains without rules, each as "node chain". */
	readonly flushed = new Set<string>();

	interrupt(): void {
		this.abort.abort(new Error("ended by SIGINT"));
	}

	readonly cluster = this.fakeCluster();

	async snapshot(): Promise<LabSnapshot> {
		const externalTrafficPolicy = this.service.spec.externalTrafficPolicy as "Cluster" | "Local";
		return new LabSnapshot(this.cluster, { ...objects, service: { ...objects.service, externalTrafficPolicy } }, rules);
	}

	async diagnose(): Promise<Diagnosis> {
		const findings = this.found().map((finding) => ({ weight: "cause" as const, finding }));
		return { findings, gaps: [] } as unknown as Diagnosis;
	}

	report(change: LabChange): void {
		this.done.push(change);
	}

	async stopNode(name: string): Promise<void> {
		this.done.push(`stop ${name}`);
		this.stopped.add(name);
	}

	async startNode(name: string): Promise<void> {
		this.done.push(`start ${name}`);
		this.stopped.delete(name);
	}

	async onNode(node: string, program: readonly string[]): Promise<string> {
		const [, , , , action = "", chain = "", ...rule] = program;
		const known = this.mangle.get(node) ?? [];
		const text = ["-A", chain, ...rule].join(" ").replace("--dport", "-m tcp --dport");
		if (program.includes("nat") && action === "-F") this.flushed.add(`${node} ${chain}`);
		if (program.includes("nat") && action === "-S") {
			return [`-N ${chain}`, ...(this.flushed.has(`${node} ${chain}`) ? [] : [`-A ${chain} -j KUBE-SEP-X`])].join("\n");
		}
		if (action === "-S") return ["-P PREROUTING ACCEPT", ...known].join("\n");
		if (action === "-I") this.mangle.set(node, [text, ...known]);
		if (action === "-D") {
			const index = known.indexOf(text);
			if (index < 0) throw new Error("iptables: Bad rule (does a matching rule exist in that chain?).");
			this.mangle.set(node, known.toSpliced(index, 1));
		}
		this.done.push(`on ${node}: ${program.join(" ")}`);
		return "";
	}

	/** What the diagnosis of the real lab reports for these faults. */
	private found(): DiagnosisFinding[] {
		const { externalTrafficPolicy, ports } = this.service.spec;
		const [{ targetPort } = { targetPort: 0 }] = ports;
		const port = { port: 8080, protocol: "tcp" as const };
		const others = objects.nodes.map(({ name }) => name).filter((name) => name !== echoNode);
		const nodesOf = (keys: Iterable<string>) => [...keys].map((key) => key.split(" ")[0] ?? "");
		const dropping = [...this.mangle].flatMap(([node, rules]) => (rules.length > 0 ? [node] : []));
		return [
			...[...this.stopped].map((node) => ({ kind: "nodeNotReady" as const, node, endpoints: 0 })),
			...(targetPort === 8080 ? [] : [{ kind: "targetPort" as const, port, targetPort, declared: [] }]),
			...(externalTrafficPolicy === "Local"
				? [{ kind: "localWithoutPod" as const, policy: "external" as const, nodes: others, nodesWithPod: [echoNode] }]
				: []),
			...(dropping.length > 0 ? [{ kind: "proxyMissing" as const, nodes: dropping }] : []),
			...(this.flushed.size > 0
				? [{ kind: "nodeRules" as const, nodes: nodesOf(this.flushed), port, problem: { kind: "missing" as const } }]
				: []),
		];
	}

	private fakeCluster(): Cluster {
		const access = { kubeconfig: ".kube/nodeport.yaml" };
		const isAsked = ({ fieldSelector }: { fieldSelector: string }) =>
			fieldSelector === `metadata.name=${serviceName.name}`;
		const core = {
			readNamespacedService: async () => structuredClone(this.service),
			listNamespacedService: async (asked: { fieldSelector: string }) => ({
				items: isAsked(asked) ? [structuredClone(this.service)] : [],
			}),
			replaceNamespacedService: async ({
				body,
				fieldManager,
			}: {
				body: FakeLessonLab["service"];
				fieldManager: string;
			}) => {
				this.done.push(`replace the Service as ${fieldManager}`);
				Object.assign(this.service.spec, body.spec);
			},
			createNamespacedService: async () => {
				const message =
					"Service is invalid: spec.ports[0].nodePort: Invalid value: 30040: provided port is already allocated";
				throw new ApiException(422, "Unprocessable", JSON.stringify({ message }), {});
			},
			readNamespacedPod: async ({ name }: { name: string }) => ({
				metadata: { ...serviceName, name },
				spec: { nodeName: echoNode, nodeSelector: { "kubernetes.io/hostname": echoNode } },
			}),
			deleteNamespacedPod: async ({ name }: { name: string }) => {
				this.done.push(`delete ${name}`);
				for (const key of this.flushed) if (name.endsWith(key.split(" ")[0] ?? "")) this.flushed.delete(key);
			},
		};
		return {
			access,
			core,
			nodes: async () => objects.nodes,
			kubeProxies: async () =>
				new Map(
					objects.nodes.map(({ name }) => [
						name,
						{ exec: { namespace: "kube-system", pod: `kube-proxy-${name}`, container: "kube-proxy" } },
					]),
				),
			commandFor: (runner: Runner, program: string[]) => commandFor(access, runner, program),
			run: async (_: Runner, program: string[]) => this.answer(program.at(-1) ?? ""),
		} as unknown as Cluster;
	}

	/** As the kernel answers a request, which the rules predict as long as nothing is broken. */
	private async answer(url: string): Promise<Ran> {
		const address = url.replace(/^http:\/\/(.*)\/host$/, "$1");
		const snapshot = await this.snapshot();
		const node = objects.nodes.find((node) => snapshot.addressOf(node) === address);
		const { externalTrafficPolicy, ports } = this.service.spec;
		const isDropped = node && (this.stopped.has(node.name) || (this.mangle.get(node.name) ?? []).length > 0);
		const isBlackHole = node && externalTrafficPolicy === "Local" && ![echoNode, dnsutils.node].includes(node.name);
		if (isDropped || isBlackHole) return ran(28, "", "Connection timed out");
		const isFlushed = node && [...this.flushed].some((key) => key.startsWith(`${node.name} `));
		if (isFlushed || ports[0]?.targetPort !== 8080) return ran(7, "", "Connection refused");
		const [result] = snapshot.predict(snapshot.inside, address);
		return ran(0, JSON.stringify({ message: "", ...result, clientPort: 1 }));
	}
}

/** A Deployment whose pods are replaced or removed, and its Service with policy Local. */
import type { V1Deployment, V1Pod } from "@kubernetes/client-node";
import type { Cluster } from "../../../kubernetes/liveCluster.ts";
import type { Node } from "../../../kubernetes/model.ts";
import { withPort } from "../../../netfilter/address.ts";
import type { MeasuredSubject } from "../model.ts";
import type { Lab, ServiceScope } from "./experiment.ts";
import { changeDeployment, extraDeployment } from "./extraDeployment.ts";
import { extraService, label } from "./extraService.ts";
import type { LabSnapshot } from "./labSnapshot.ts";

export type Rollout = Omit<Extract<MeasuredSubject, { kind: "rollout" }>, "kind" | "node">;

/** How long a pod serves on, in seconds: longer than its replacement takes on a busy machine. A kubelet doesn't cut it short. */
const preStopSeconds = 30;

/** A pod with this readiness gate isn't ready before the experiment says so: it takes no time that another machine lacks. */
const gate = "nodeport-lab/may-be-ready";

interface Parts {
	cluster: Cluster;
	rollout: Rollout;
	node: Node;
	address: string;
	deployment: V1Deployment;
	scope: Required<ServiceScope>;
	healthPort: number;
}

export class RolloutSite {
	readonly rollout: Rollout;
	/** Of the pods that are changed. Policy Local sends its requests only to them. */
	readonly node: Node;
	/** "address:nodePort" of that node. */
	readonly address: string;
	readonly scope: Required<ServiceScope>;
	/** Of the health check. */
	readonly healthPort: number;
	/** The names of the pods before the change. */
	readonly oldPods: string[] = [];
	private readonly cluster: Cluster;
	private readonly deployment: V1Deployment;

	private constructor({ cluster, rollout, node, address, deployment, scope, healthPort }: Parts) {
		this.cluster = cluster;
		this.rollout = rollout;
		this.node = node;
		this.address = address;
		this.deployment = deployment;
		this.scope = scope;
		this.healthPort = healthPort;
	}

	/** Its pods aren't ready yet, and wait for letBeReady. */
	static async create(lab: Lab, snapshot: LabSnapshot, rollout: Rollout): Promise<RolloutSite> {
		const [node, other] = snapshot.workers;
		if (!node || !other) throw new Error("the cluster has fewer than two workers");
		const suffix = `${rollout.change.toLowerCase()}-${rollout.servesOn ? "prestop" : "plain"}`;
		const labels = { [label]: suffix };
		const preStop = { preStop: { sleep: { seconds: preStopSeconds } } };
		const deployment = await extraDeployment(lab, snapshot, {
			suffix,
			labels,
			node: node.name,
			replicas: rollout.change === "stopFirst" ? 1 : 2,
			strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
			pod: { terminationGracePeriodSeconds: preStopSeconds + 10, readinessGates: [{ conditionType: gate }] },
			container: rollout.servesOn ? { lifecycle: preStop } : {},
		});
		// With a ready pod elsewhere, a node without one drops requests. Without any, it would refuse them.
		await extraDeployment(lab, snapshot, { suffix: `${suffix}-other`, labels, node: other.name, replicas: 1 });
		const { metadata, spec } = await extraService(lab, snapshot, suffix, {
			// Only this type has health check node ports.
			type: "LoadBalancer",
			selector: labels,
			externalTrafficPolicy: "Local",
		});
		const scope = {
			service: { namespace: metadata?.namespace ?? "", name: metadata?.name ?? "" },
			echo: { deployment: deployment.metadata?.name ?? "" },
			rulesOn: [node.name],
		};
		const address = withPort(node.internalIp, spec?.ports?.[0]?.nodePort ?? 0);
		const healthPort = spec?.healthCheckNodePort ?? 0;
		return new RolloutSite({ cluster: snapshot.cluster, rollout, node, address, deployment, scope, healthPort });
	}

	/** The number of pods before the change. */
	get replicas(): number {
		return this.deployment.spec?.replicas ?? 0;
	}

	/** Lets the kubelet report the pods as ready that pass their probes. */
	async letBeReady(): Promise<void> {
		const waits = ({ metadata, status }: V1Pod) =>
			!metadata?.deletionTimestamp && !status?.conditions?.some(({ type }) => type === gate);
		for (const { metadata } of (await this.pods()).filter(waits)) {
			const [namespace, name] = [metadata?.namespace ?? "", metadata?.name ?? ""];
			const body = [{ op: "add", path: "/status/conditions/-", value: { type: gate, status: "True" } }];
			// A pod that has just been created has no conditions yet, and one may just have been removed: the next call sees it.
			await this.cluster.core.patchNamespacedPodStatus({ namespace, name, body }).catch(() => undefined);
		}
	}

	/** Replaces the only pod, or removes one of two. Returns at once. */
	async change(): Promise<void> {
		this.oldPods.push(...(await this.pods()).map(({ metadata }) => metadata?.name ?? ""));
		const template = this.deployment.spec?.template;
		const annotated = { ...template, metadata: { ...template?.metadata, annotations: { [label]: "replaced" } } };
		const changed = this.rollout.change === "stopFirst" ? { template: annotated } : { replicas: 1 };
		await changeDeployment(this.cluster, this.deployment, changed);
	}

	private pods(): Promise<V1Pod[]> {
		return this.cluster.pods(this.scope.service.namespace, this.deployment.spec?.selector.matchLabels ?? {});
	}
}

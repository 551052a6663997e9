/** A UDP Service of one pod, whose nodePort, endpoint and existence change one after the other. */
import type { V1Deployment, V1Service, V1ServiceSpec } from "@kubernetes/client-node";
import { withApiError } from "../../../kubernetes/apiErrors.ts";
import type { Cluster } from "../../../kubernetes/liveCluster.ts";
import { isReady } from "../../../kubernetes/objects.ts";
import { poll } from "../../../lib/poll.ts";
import type { Lab } from "./experiment.ts";
import { changeDeployment, extraDeployment } from "./extraDeployment.ts";
import { extraService, label, removeExtraService } from "./extraService.ts";
import type { LabSnapshot } from "./labSnapshot.ts";

const suffix = "udp";

/** How long the pod may take, in seconds. */
const podSeconds = 120;

export class UdpService {
	/** The nodePort, which the Service has only after setNodePort. */
	readonly nodePort: number;
	private readonly lab: Lab;
	private readonly cluster: Cluster;
	private readonly service: V1Service;
	private readonly deployment: V1Deployment;

	private constructor(lab: Lab, cluster: Cluster, service: V1Service, deployment: V1Deployment) {
		this.lab = lab;
		this.cluster = cluster;
		this.service = service;
		this.deployment = deployment;
		this.nodePort = service.spec?.ports?.[0]?.nodePort ?? 0;
	}

	/** Creates it with a ready pod on the first node that has the echo's image, and without its nodePort. */
	static async create(lab: Lab, snapshot: LabSnapshot): Promise<UdpService> {
		const { port } = snapshot.objects.service;
		const deployment = await extraDeployment(lab, snapshot, { suffix, node: snapshot.host.name, replicas: 1 });
		// The API server chooses a free nodePort.
		const service = await extraService(lab, snapshot, suffix, {
			selector: { [label]: suffix },
			ports: [{ port, targetPort: port, protocol: "UDP" }],
		});
		const created = new UdpService(lab, snapshot.cluster, service, deployment);
		await created.update({ type: "ClusterIP" });
		await created.reachPods(1);
		return created;
	}

	setNodePort(): Promise<void> {
		return this.update({ type: "NodePort" });
	}

	/** Returns once it has so many ready pods, and no others. */
	async scale(replicas: number): Promise<void> {
		await changeDeployment(this.cluster, this.deployment, { replicas });
		await this.reachPods(replicas);
	}

	remove(): Promise<void> {
		const { namespace = "", name = "" } = this.service.metadata ?? {};
		return removeExtraService(this.cluster, namespace, name);
	}

	private async update({ type }: Required<Pick<V1ServiceSpec, "type">>): Promise<void> {
		const { spec, metadata: { resourceVersion, ...metadata } = {} } = this.service;
		const { namespace = "", name = "" } = metadata;
		const { externalTrafficPolicy, ports = [], ...kept } = spec ?? {};
		const own = ports.map(({ nodePort, ...port }) => ({
			...port,
			...(type === "NodePort" && { nodePort: this.nodePort }),
		}));
		const body = { ...this.service, metadata, spec: { ...kept, type, ports: own } };
		const replacement = this.cluster.core.replaceNamespacedService({ namespace, name, body });
		await withApiError(`Service ${namespace}/${name}`, replacement);
	}

	private async reachPods(count: number): Promise<void> {
		const { namespace = "", name = "" } = this.deployment.metadata ?? {};
		const isReached = async () => {
			const pods = await this.cluster.pods(namespace, this.deployment.spec?.selector.matchLabels ?? {});
			return pods.length === count && pods.every(isReady);
		};
		if (await poll(isReached, { interval: 500, seconds: podSeconds, signal: this.lab.signal })) return;
		throw new Error(`Deployment ${namespace}/${name} doesn't have ${count} ready pods after ${podSeconds} s`);
	}
}

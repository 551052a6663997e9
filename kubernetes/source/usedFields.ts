/** The fields of API objects that a diagnosis uses. Everything else is dropped on reading: env, arguments, secrets. */
import { parse, stringify } from "yaml";
import { z } from "zod";
import { redacted } from "../../lib/redaction.ts";

const text = z.string();
/** A sentence of a program, which may quote secrets. */
const message = text.transform(redacted);
const labels = z.record(text, text);

const metadata = z.object({
	name: text,
	namespace: text.optional(),
	labels: labels.optional(),
	deletionTimestamp: text.optional(),
});

const condition = z.object({
	type: text,
	status: text,
	reason: text.optional(),
	message: message.optional(),
});

const portNumber = z.union([z.int(), text]);

export const ServiceObject = z.object({
	metadata,
	spec: z.object({
		type: text.optional(),
		selector: labels.optional(),
		clusterIP: text.optional(),
		clusterIPs: z.array(text).optional(),
		ipFamilies: z.array(text).optional(),
		externalIPs: z.array(text).optional(),
		externalName: text.optional(),
		externalTrafficPolicy: text.optional(),
		internalTrafficPolicy: text.optional(),
		loadBalancerClass: text.optional(),
		loadBalancerSourceRanges: z.array(text).optional(),
		healthCheckNodePort: z.int().optional(),
		sessionAffinity: text.optional(),
		publishNotReadyAddresses: z.boolean().optional(),
		ports: z
			.array(
				z.object({
					name: text.optional(),
					protocol: text.optional(),
					port: z.int(),
					targetPort: portNumber.optional(),
					nodePort: z.int().optional(),
				}),
			)
			.optional(),
	}),
	status: z
		.object({
			loadBalancer: z
				.object({
					ingress: z
						.array(z.object({ ip: text.optional(), ipMode: text.optional(), hostname: text.optional() }))
						.optional(),
				})
				.optional(),
		})
		.optional(),
});
export type ServiceObject = z.infer<typeof ServiceObject>;

export const EndpointSliceObject = z.object({
	metadata,
	addressType: text,
	endpoints: z
		.array(
			z.object({
				addresses: z.array(text),
				conditions: z
					.object({
						ready: z.boolean().optional(),
						serving: z.boolean().optional(),
						terminating: z.boolean().optional(),
					})
					.optional(),
				nodeName: text.optional(),
				hints: z
					.object({
						forZones: z.array(z.object({ name: text })).optional(),
						forNodes: z.array(z.object({ name: text })).optional(),
					})
					.optional(),
				targetRef: z.object({ kind: text.optional(), name: text.optional() }).optional(),
			}),
		)
		.optional(),
	ports: z.array(z.object({ name: text.optional(), protocol: text.optional(), port: z.int().optional() })).optional(),
});
export type EndpointSliceObject = z.infer<typeof EndpointSliceObject>;

/** A query may contain a token. */
const pathOnly = text.transform((path) => path.replace(/[?#].*$/s, ""));

/** The kind of a probe and its port; a probe's command may contain secrets. */
const probe = z.object({
	httpGet: z.object({ path: pathOnly.optional(), port: portNumber }).optional(),
	tcpSocket: z.object({ port: portNumber }).optional(),
	grpc: z.object({ port: z.int() }).optional(),
	exec: z.object({}).optional(),
});

const terminated = z.object({ reason: text.optional(), exitCode: z.int().optional() });

const container = z.object({
	name: text,
	ports: z
		.array(
			z.object({
				name: text.optional(),
				protocol: text.optional(),
				containerPort: z.int(),
				hostPort: z.int().optional(),
				hostIP: text.optional(),
			}),
		)
		.optional(),
	readinessProbe: probe.optional(),
	/** "Always": an init container that keeps running next to the others. */
	restartPolicy: text.optional(),
});

const containerStatus = z.object({
	name: text,
	ready: z.boolean().optional(),
	started: z.boolean().optional(),
	restartCount: z.int().optional(),
	state: z
		.object({
			running: z.object({}).optional(),
			waiting: z.object({ reason: text.optional(), message: message.optional() }).optional(),
			terminated: terminated.optional(),
		})
		.optional(),
	lastState: z.object({ terminated: terminated.optional() }).optional(),
});

export const PodObject = z.object({
	metadata,
	spec: z.object({
		nodeName: text.optional(),
		hostNetwork: z.boolean().optional(),
		containers: z.array(container),
		initContainers: z.array(container).optional(),
		readinessGates: z.array(z.object({ conditionType: text })).optional(),
	}),
	status: z
		.object({
			phase: text.optional(),
			reason: text.optional(),
			message: message.optional(),
			podIP: text.optional(),
			podIPs: z.array(z.object({ ip: text.optional() })).optional(),
			conditions: z.array(condition).optional(),
			containerStatuses: z.array(containerStatus).optional(),
			initContainerStatuses: z.array(containerStatus).optional(),
		})
		.optional(),
});
export type PodObject = z.infer<typeof PodObject>;
export type ContainerStatus = z.infer<typeof containerStatus>;

export const NodeObject = z.object({
	metadata,
	spec: z
		.object({
			podCIDR: text.optional(),
			podCIDRs: z.array(text).optional(),
			providerID: text.optional(),
			unschedulable: z.boolean().optional(),
		})
		.optional(),
	status: z
		.object({
			conditions: z.array(condition.extend({ lastTransitionTime: text.optional() })).optional(),
			addresses: z.array(z.object({ type: text, address: text })).optional(),
			nodeInfo: z
				.object({ kubeletVersion: text, osImage: text, kernelVersion: text, containerRuntimeVersion: text })
				.optional(),
		})
		.optional(),
});
export type NodeObject = z.infer<typeof NodeObject>;

const selector = z.object({
	matchLabels: labels.optional(),
	matchExpressions: z.array(z.object({ key: text, operator: text, values: z.array(text).optional() })).optional(),
});
export type LabelSelector = z.infer<typeof selector>;

export const NetworkPolicyObject = z.object({
	metadata,
	spec: z.object({ podSelector: selector.optional(), policyTypes: z.array(text).optional() }).optional(),
});
export type NetworkPolicyObject = z.infer<typeof NetworkPolicyObject>;

/** The used settings of kube-proxy's configuration file (KubeProxyConfiguration); `unreadable`: why it can't be parsed. */
const proxySettings = ["mode", "nodePortAddresses", "unreadable"];

function usedSettings(file: string): string {
	try {
		const settings = (parse(file) ?? {}) as Record<string, unknown>;
		return stringify(Object.fromEntries(Object.entries(settings).filter(([name]) => proxySettings.includes(name))));
	} catch (error) {
		// The parser quotes the file after its first line.
		const [unreadable] = (error as Error).message.split("\n");
		return stringify({ unreadable });
	}
}

/** kube-proxy's configuration, and Cilium's switch for its own Service proxy. */
export const ConfigMapObject = z.object({
	metadata,
	data: z
		.object({ "config.conf": text.transform(usedSettings).optional(), "kube-proxy-replacement": text.optional() })
		.optional(),
});
export type ConfigMapObject = z.infer<typeof ConfigMapObject>;

/** What a source can list, and the used fields of each. */
export const kinds = {
	services: ServiceObject,
	endpointSlices: EndpointSliceObject,
	pods: PodObject,
	nodes: NodeObject,
	networkPolicies: NetworkPolicyObject,
	configMaps: ConfigMapObject,
};
export type Kind = keyof typeof kinds;
export type ObjectOf<K extends Kind> = z.infer<(typeof kinds)[K]>;

/** Only the used fields of an object, as the API server or client-node represent it. */
export function reduced<K extends Kind>(kind: K, object: unknown): ObjectOf<K> {
	// client-node has Date objects, and the API writes null for empty lists.
	const plain = JSON.parse(JSON.stringify(object), (_, value) => (value === null ? undefined : value));
	return kinds[kind].parse(plain) as ObjectOf<K>;
}

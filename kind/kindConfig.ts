/** kind's configuration for a cluster. */
import { stringify } from "yaml";
import { markPrefix } from "./docker.ts";
import { type ClusterSpec, specRoles } from "./spec/clusterSpec.ts";
import { defaultSubnets } from "./spec/clusterSubnets.ts";

/** The configuration for `kind create cluster`. It marks every node with the creation id. */
export function kindConfig(spec: ClusterSpec, id: string): string {
	// The tests don't wait 50 s, Kubernetes' default, for a stopped node to become NotReady.
	const graceSeconds = Number(process.env.NODEPORT_LAB_NODE_GRACE_SECONDS ?? 0);
	const { nodes, networking, kubeadmConfigPatches = [], ...rest } = (spec.config ?? {}) as OwnConfig;
	const mark = { hostPath: "/dev/null", containerPath: markPrefix + id, readOnly: true };
	const roles = specRoles(spec);
	return stringify({
		kind: "Cluster",
		apiVersion: "kind.x-k8s.io/v1alpha4",
		networking: {
			kubeProxyMode: spec.kubeProxyMode,
			...((networking?.ipFamily ?? "ipv4") === "ipv4" && {
				podSubnet: defaultSubnets.podSubnet.ipv4,
				serviceSubnet: defaultSubnets.serviceSubnet.ipv4,
			}),
			...networking,
		},
		nodes: roles.map((role, i) => {
			const { extraMounts = [], extraPortMappings = [], role: _, ...node } = nodes?.[i] ?? {};
			const ports = [...(i === roles.indexOf("control-plane") ? publishedPorts(spec) : []), ...extraPortMappings];
			return {
				role,
				...(hasOwnImages(spec) && { image: spec.nodeImage }),
				extraMounts: [mark, ...extraMounts],
				...(ports.length > 0 && { extraPortMappings: ports }),
				...node,
			};
		}),
		kubeadmConfigPatches: [...labPatches(graceSeconds), ...kubeadmConfigPatches],
		...rest,
	});
}

function publishedPorts({ publish }: ClusterSpec): object[] {
	if (!publish) return [];
	const { hostPort, nodePort: containerPort, protocols = ["TCP"] } = publish;
	const listenAddress = "127.0.0.1";
	return protocols.map((protocol) => ({
		containerPort,
		hostPort,
		listenAddress,
		...(protocol !== "TCP" && { protocol }),
	}));
}

interface OwnConfig {
	nodes?: { role: string; extraMounts?: object[]; extraPortMappings?: object[] }[];
	networking?: { ipFamily?: string };
	kubeadmConfigPatches?: string[];
}

/** Whether nodes have images of their own. kind's flag --image would replace them. */
export const hasOwnImages = ({ config }: ClusterSpec): boolean =>
	config?.nodes?.some(({ image }) => image !== undefined) ?? false;

function labPatches(graceSeconds: number): string[] {
	// With the default limits the controller manager throttles itself, and `kubeadm join` waits for 5 s.
	const managerArgs = {
		"kube-api-qps": "200",
		"kube-api-burst": "400",
		...(graceSeconds && { "node-monitor-grace-period": `${graceSeconds}s` }),
	};
	const asList = Object.entries(managerArgs).map(([name, value]) => ({ name, value }));
	// kind 0.33 writes v1beta3, where extraArgs isn't a list, for Kubernetes 1.23 to 1.35. It applies a patch only to an
	// object of the same version.
	const ofVersion = (version: string, extraArgs: object) =>
		stringify({
			kind: "ClusterConfiguration",
			apiVersion: `kubeadm.k8s.io/${version}`,
			controllerManager: { extraArgs },
		});
	return [
		// From 1.35 on, a kubelet doesn't start on cgroup v1 without this. Those before 1.31 ignore it with a warning.
		stringify({
			kind: "KubeletConfiguration",
			failCgroupV1: false,
			...(graceSeconds && { nodeLeaseDurationSeconds: graceSeconds / 2 }),
		}),
		ofVersion("v1beta3", managerArgs),
		ofVersion("v1beta4", asList),
	];
}

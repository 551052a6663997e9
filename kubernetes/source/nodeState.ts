/** What the API says about a node. */
import { operatingSystem } from "../objects.ts";
import type { NodeObject } from "./usedFields.ts";

export const runsLinux = ({ metadata }: NodeObject): boolean => operatingSystem(metadata.labels) === "linux";

/** A node without a machine: AWS Fargate, or virtual-kubelet. No DaemonSet runs there. */
export const isVirtual = ({ metadata: { labels = {} } }: NodeObject): boolean =>
	labels["eks.amazonaws.com/compute-type"] === "fargate" || labels.type === "virtual-kubelet";

/** Whether it is a node of a kind cluster, whose network plugin is known if nothing else is installed. */
export const isKindNode = ({ spec }: NodeObject): boolean => spec?.providerID?.startsWith("kind://") ?? false;

/** What the API says about a node. */
import type { NodeObject } from "./usedFields.ts";

export const isNodeReady = ({ status }: NodeObject): boolean =>
	status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;

export const roleOfNode = ({ metadata }: NodeObject): "control-plane" | "worker" =>
	"node-role.kubernetes.io/control-plane" in (metadata.labels ?? {}) ? "control-plane" : "worker";

export const runsLinux = ({ metadata }: NodeObject): boolean =>
	(metadata.labels?.["kubernetes.io/os"] ?? "linux") === "linux";

/** Whether it is a node of a kind cluster, whose network plugin is known if nothing else is installed. */
export const isKindNode = ({ spec }: NodeObject): boolean => spec?.providerID?.startsWith("kind://") ?? false;

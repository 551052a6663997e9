/** Why a pod isn't a ready endpoint of its Service. */
import { isReady } from "../../../kubernetes/objects.ts";
import type { ContainerStatus, PodObject } from "../../../kubernetes/source/usedFields.ts";
import type { PodReason, ProbeKind } from "../diagnosisFinding.ts";

/** Reasons of a container's wait that only say that it ended before. */
const crashLoops = ["CrashLoopBackOff"];

/** @param readyNodes the names of the nodes that are Ready; undefined: unknown */
export function podReason(pod: PodObject, readyNodes: readonly string[] | undefined): PodReason {
	const { metadata, spec, status = {} } = pod;
	const { phase = "" } = status;
	if (phase === "Succeeded" || phase === "Failed") {
		return { kind: "ended", phase, ...(status.reason !== undefined && { reason: status.reason }) };
	}
	if (metadata.deletionTimestamp !== undefined) return { kind: "terminating" };
	const scheduled = status.conditions?.find(({ type }) => type === "PodScheduled");
	if (spec.nodeName === undefined) {
		const { message } = scheduled?.reason === "Unschedulable" ? scheduled : {};
		return message === undefined ? { kind: "notScheduled" } : { kind: "unschedulable", message };
	}
	if (readyNodes && !readyNodes.includes(spec.nodeName)) return { kind: "nodeNotReady", node: spec.nodeName };
	if (isReady(pod)) return status.podIP === undefined ? { kind: "noAddress" } : { kind: "notInSlice" };
	return containerReason(pod) ?? gateReason(pod) ?? { kind: "unknown" };
}

/** Init containers run first, so their reason comes first. */
function containerReason({ spec, status = {} }: PodObject): PodReason | undefined {
	const init = (status.initContainerStatuses ?? []).filter(({ name, state }) => {
		const restarts = spec.initContainers?.find((container) => container.name === name)?.restartPolicy === "Always";
		return restarts || state?.terminated?.exitCode !== 0;
	});
	for (const container of [...init, ...(status.containerStatuses ?? [])]) {
		const reason = reasonOf(container, spec.containers.find(({ name }) => name === container.name)?.readinessProbe);
		if (reason) return reason;
	}
	return undefined;
}

type Probe = NonNullable<PodObject["spec"]["containers"][number]["readinessProbe"]>;

function reasonOf(status: ContainerStatus, probe: Probe | undefined): PodReason | undefined {
	const { name: container, state = {}, lastState, ready = false, started, restartCount: restarts = 0 } = status;
	const { waiting, terminated } = state;
	const last = terminated ?? lastState?.terminated;
	if (terminated || (waiting && crashLoops.includes(waiting.reason ?? ""))) {
		return {
			kind: "crashing",
			container,
			restarts,
			...(last?.exitCode !== undefined && { exitCode: last.exitCode }),
			...(last?.reason !== undefined && { reason: last.reason }),
		};
	}
	if (waiting) {
		const { reason = "unknown", message } = waiting;
		return { kind: "waiting", container, reason, ...(message !== undefined && { message }) };
	}
	if (ready) return undefined;
	if (started === false) return { kind: "notStarted", container };
	return probe ? { kind: "readinessProbe", container, probe: probeOf(probe) } : undefined;
}

function gateReason({ spec, status = {} }: PodObject): PodReason | undefined {
	const isMet = (condition: string) =>
		status.conditions?.some(({ type, status }) => type === condition && status === "True") ?? false;
	const gate = spec.readinessGates?.find(({ conditionType }) => !isMet(conditionType));
	return gate && { kind: "readinessGate", condition: gate.conditionType };
}

function probeOf({ httpGet, tcpSocket, grpc }: Probe): ProbeKind {
	if (httpGet) return { kind: "http", path: httpGet.path ?? "/", port: httpGet.port };
	if (tcpSocket) return { kind: "tcp", port: tcpSocket.port };
	return grpc ? { kind: "grpc", port: grpc.port } : { kind: "command" };
}

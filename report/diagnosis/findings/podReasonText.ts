/** Why a pod isn't a ready endpoint, in words. */
import type { PodReason, ProbeKind, UnreadyPod } from "../../../verification/diagnosis/diagnosisFinding.ts";

/** "frontend-5d9c on worker-2: container web doesn't start: ImagePullBackOff" */
export const unreadyPodText = ({ pod, node, reason }: UnreadyPod): string =>
	`${pod}${node === undefined ? "" : ` on ${node}`}: ${podReasonText(reason)}`;

export function podReasonText(reason: PodReason): string {
	switch (reason.kind) {
		case "unschedulable":
			return `can't be scheduled: ${reason.message}`;
		case "notScheduled":
			return "isn't scheduled to a node yet";
		case "nodeNotReady":
			return `its node ${reason.node} isn't Ready`;
		case "terminating":
			return "is being deleted";
		case "ended":
			return `has ended (${reason.phase}${reason.reason === undefined ? "" : `, ${reason.reason}`})`;
		case "waiting": {
			const { container, reason: why, message } = reason;
			return `container ${container} doesn't start: ${why}${message === undefined ? "" : ` (${message})`}`;
		}
		case "crashing": {
			const { container, restarts, exitCode, reason: why } = reason;
			const how = [exitCode === undefined ? [] : [`exit code ${exitCode}`], why ?? []].flat().join(", ");
			return `container ${container} has ended${how === "" ? "" : ` (${how})`} and was restarted ${times(restarts)}`;
		}
		case "notStarted":
			return `container ${reason.container} is running, but its startup probe hasn't succeeded yet`;
		case "readinessProbe":
			return `the readiness probe of container ${reason.container} fails: ${probeText(reason.probe)}`;
		case "readinessGate":
			return `its readiness gate ${reason.condition} isn't True`;
		case "noAddress":
			return "is ready, but has no IP address";
		case "notInSlice":
			return "is ready, but no EndpointSlice contains it as ready";
		case "unknown":
			return "isn't ready, and its status doesn't say why";
	}
}

const times = (count: number): string => (count === 1 ? "once" : `${count} times`);

function probeText(probe: ProbeKind): string {
	switch (probe.kind) {
		case "http":
			return `GET ${probe.path} on port ${probe.port}`;
		case "tcp":
			return `a TCP connection to port ${probe.port}`;
		case "grpc":
			return `a gRPC health check on port ${probe.port}`;
		case "command":
			return "a command in the container";
	}
}

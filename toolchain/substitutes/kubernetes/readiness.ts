/**
 * Whether an object is ready, from the object and its pods. The texts are those of the official provider: its folder
 * provider/pkg/await.
 */
import type {
	V1ContainerStatus,
	V1DaemonSet,
	V1Deployment,
	V1Job,
	V1ObjectMeta,
	V1Pod,
	V1PodSpec,
	V1PodTemplateSpec,
} from "@kubernetes/client-node";

export interface Readiness {
	ready: boolean;
	/** What it waits for; empty if it is ready. */
	status: string;
	/** Why it isn't ready yet. */
	reasons: string[];
	/** Waiting longer doesn't help. */
	failed?: boolean;
	/** A node lacks an image and can't pull it: hopeless unless someone loads it soon. */
	imageMissing?: boolean;
}

export const ready: Readiness = { ready: true, status: "", reasons: [] };

/** Without the namespace "default". */
const nameOf = ({ namespace = "default", name }: V1ObjectMeta = {}): string =>
	namespace === "default" ? `${name}` : `${namespace}/${name}`;

const statusesOf = ({ status }: V1Pod): V1ContainerStatus[] => [
	...(status?.initContainerStatuses ?? []),
	...(status?.containerStatuses ?? []),
];

function containerErrors({ name, ready, state, lastState }: V1ContainerStatus): string[] {
	const { waiting, terminated } = state ?? {};
	if (ready) return [];
	const before = lastState?.terminated;
	return [
		...(waiting && waiting.reason !== "ContainerCreating" ? [`[${waiting.reason}] ${waiting.message ?? ""}`] : []),
		...(terminated?.message ? [`[${terminated.reason}] ${terminated.message}`] : []),
		...(terminated && !terminated.message
			? [`container "${name}" completed with exit code ${terminated.exitCode}`]
			: []),
		...(before
			? [`container "${name}" terminated at ${before.finishedAt} (${before.reason}: exit code ${before.exitCode})`]
			: []),
	];
}

const steps = { PodScheduled: "scheduled", Initialized: "initialized", Ready: "ready" };

/** The first condition that the pod hasn't reached. */
function nextStep({ status }: V1Pod) {
	const reached = (type: string) =>
		status?.conditions?.some((condition) => condition.type === type && condition.status === "True");
	const type = (Object.keys(steps) as (keyof typeof steps)[]).find((type) => !reached(type));
	if (type === undefined || status?.phase === "Succeeded") return undefined;
	return { name: steps[type], condition: status?.conditions?.find((condition) => condition.type === type) };
}

function podMessages(pod: V1Pod): string[] {
	const condition = nextStep(pod)?.condition;
	if (condition === undefined) return [];
	const errors = condition.type === "PodScheduled" ? [] : statusesOf(pod).flatMap(containerErrors);
	const { reason, message } = condition;
	const text = `${reason && message ? message : ""}${errors.join("\n")}`;
	return text === "" ? [] : [`[Pod ${nameOf(pod.metadata)}]: ${text}`];
}

// The kubelet's reasons for a missing image (pkg/kubelet/images/types.go).
const imageReasons = ["ErrImagePull", "ErrImageNeverPull", "ImagePullBackOff", "InvalidImageName", "ErrImageInspect"];

/** Not ready, with the messages of the pods that aren't being deleted. */
function waitingFor(status: string, pods: V1Pod[], reasons: string[] = []): Readiness {
	const remaining = pods.filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
	const imageMissing = remaining
		.flatMap(statusesOf)
		.some(({ state }) => imageReasons.includes(state?.waiting?.reason ?? ""));
	return {
		ready: false,
		status,
		reasons: [...reasons, ...remaining.flatMap(podMessages)],
		...(imageMissing && { imageMissing }),
	};
}

/** During a rollout, the pods of the previous template don't count: what they lack must not end the wait. */
function podsOf(template: V1PodTemplateSpec | undefined, pods: V1Pod[]): V1Pod[] {
	const images = (spec?: V1PodSpec) => JSON.stringify(spec?.containers.map(({ image }) => image));
	return pods.filter(({ spec }) => images(spec) === images(template?.spec));
}

/** As `kubectl rollout status` (DeploymentComplete in the controller's util): all replicas are new and available. */
export function deployment({ metadata, spec, status = {} }: V1Deployment, pods: V1Pod[]): Readiness {
	const wanted = spec?.replicas ?? 1;
	const { replicas = 0, updatedReplicas = 0, availableReplicas = 0, observedGeneration = 0, conditions = [] } = status;
	const isObserved = observedGeneration >= (metadata?.generation ?? 0);
	if (isObserved && [replicas, updatedReplicas, availableReplicas].every((number) => number === wanted)) return ready;
	const unmet = conditions.filter(
		({ type, status }) => ["Progressing", "Available"].includes(type) && status !== "True",
	);
	const isAvailable = conditions.some(({ type, status }) => type === "Available" && status === "True");
	const available = Math.min(updatedReplicas, availableReplicas);
	return waitingFor(
		`Waiting for app ReplicaSet to be available (${available}/${wanted} Pods available)`,
		podsOf(spec?.template, pods),
		[
			...unmet.map(({ reason, message }) => `[${reason}] ${message}`),
			isAvailable
				? "Minimum number of Pods to consider the application live was not attained"
				: "Minimum number of live Pods was not attained",
		],
	);
}

export function daemonSet({ metadata, spec, status }: V1DaemonSet, pods: V1Pod[]): Readiness {
	const { desiredNumberScheduled: wanted = 0, updatedNumberScheduled: updated = 0, numberAvailable = 0 } = status ?? {};
	const [generation = 0, observed = 0] = [metadata?.generation, status?.observedGeneration];
	if (observed < generation) {
		return waitingFor(`DaemonSet generation is ${generation}, but latest observed generation is ${observed}`, []);
	}
	if (updated === wanted && numberAvailable === wanted) return ready;
	const progress = updated < wanted ? `Updated: ${updated}/${wanted}` : `Available: ${numberAvailable}/${wanted}`;
	return waitingFor(progress, podsOf(spec?.template, pods));
}

export function pod(pod: V1Pod): Readiness {
	const step = nextStep(pod);
	if (step === undefined) return ready;
	const status = `Waiting for Pod "${nameOf(pod.metadata)}" to be ${step.name}`;
	const { phase, reason, message = "" } = pod.status ?? {};
	if (phase !== "Failed") return waitingFor(status, [pod]);
	return { ...waitingFor(status, [pod], reason ? [`[${reason}] ${message}`] : []), failed: true };
}

/** Its work must be done. A Job that the controller gave up on, by its backoffLimit or its deadline, has failed. */
export function job({ metadata, status = {} }: V1Job, pods: V1Pod[]): Readiness {
	const { conditions = [], startTime, succeeded = 0, active = 0, failed = 0 } = status;
	const holding = (type: string) =>
		conditions.find((condition) => condition.type === type && condition.status === "True");
	if (holding("Complete")) return ready;
	const progress = `succeed (Active: ${active} | Succeeded: ${succeeded} | Failed: ${failed})`;
	const waiting = `Waiting for Job "${nameOf(metadata)}" to ${startTime ? progress : "start"}`;
	const failure = holding("Failed");
	if (!failure) return waitingFor(waiting, pods);
	return { ...waitingFor(waiting, pods, [`[${failure.reason}] ${failure.message}`]), failed: true };
}

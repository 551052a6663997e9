/** When an object is as good as the program means it to be. Pure: from the object and its pods. */
import type {
	V1ContainerStatus,
	V1DaemonSet,
	V1Deployment,
	V1Job,
	V1Pod,
	V1PodSpec,
	V1PodTemplateSpec,
} from "@kubernetes/client-node";

export interface Readiness {
	ready: boolean;
	/** What it waits for; empty when it is ready. */
	reasons: string[];
	/** Waiting longer does not help. */
	failed?: boolean;
	/** A node lacks an image and cannot get it: hopeless unless someone loads it soon. */
	imageMissing?: boolean;
}

const ready: Readiness = { ready: true, reasons: [] };
const waiting = (...reasons: string[]): Readiness => ({ ready: false, reasons });

// The waiting reasons by which a kubelet says that it has no image (pkg/kubelet/images/types.go).
const imageReasons = ["ErrImagePull", "ErrImageNeverPull", "ImagePullBackOff", "InvalidImageName", "ErrImageInspect"];
// Nothing to tell: these pass by themselves.
const normalReasons = ["ContainerCreating", "PodInitializing"];

function containerTrouble(pod: V1Pod, { image, state, name }: V1ContainerStatus): Readiness[] {
	const { reason = "", message = "" } = state?.waiting ?? {};
	if (reason === "" || normalReasons.includes(reason)) return [];
	const where = `node ${pod.spec?.nodeName} (pod ${pod.metadata?.name}, container ${name}): ${reason}: ${message}`;
	if (!imageReasons.includes(reason)) return [waiting(where)];
	return [{ ...waiting(`image ${image} is missing on ${where}`), imageMissing: true }];
}

/** Why pods do not become ready, as far as they say it. Pods on their way out don't count. */
function podTroubles(pods: V1Pod[]): Readiness[] {
	return pods
		.filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
		.flatMap((pod) => {
			const { conditions = [], containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
			const unscheduled = conditions.filter(({ type, status }) => type === "PodScheduled" && status === "False");
			return [
				...unscheduled.map(({ message }) => waiting(`pod ${pod.metadata?.name} is not scheduled: ${message}`)),
				...[...initContainerStatuses, ...containerStatuses].flatMap((status) => containerTrouble(pod, status)),
			];
		});
}

/** Waiting for something, with what the pods say about why. */
function waitingForPods(what: string, pods: V1Pod[]): Readiness {
	const troubles = podTroubles(pods);
	return {
		...waiting(what, ...troubles.flatMap(({ reasons }) => reasons)),
		...(troubles.some(({ imageMissing }) => imageMissing) && { imageMissing: true }),
	};
}

/**
 * The pods with the images of the template. During a rollout there are others, of the template before: what these lack
 * must not end the wait for those that are to follow them.
 */
function podsOf(template: V1PodTemplateSpec | undefined, pods: V1Pod[]): V1Pod[] {
	const images = (spec?: V1PodSpec) => JSON.stringify(spec?.containers.map(({ image }) => image));
	return pods.filter(({ spec }) => images(spec) === images(template?.spec));
}

/** As `kubectl rollout status` (DeploymentComplete in the controller's util): all replicas new, and all available. */
export function deployment({ metadata, spec, status = {} }: V1Deployment, pods: V1Pod[]): Readiness {
	const wanted = spec?.replicas ?? 1;
	const { replicas = 0, updatedReplicas = 0, availableReplicas = 0, observedGeneration = 0 } = status;
	if (observedGeneration < (metadata?.generation ?? 0)) return waiting("the controller has not seen the change yet");
	if (updatedReplicas === wanted && replicas === wanted && availableReplicas === wanted) return ready;
	const old = replicas > updatedReplicas ? `, old ones left: ${replicas - updatedReplicas}` : "";
	const progress = `${updatedReplicas} of ${wanted} replicas are updated, ${availableReplicas} available${old}`;
	return waitingForPods(progress, podsOf(spec?.template, pods));
}

export function daemonSet({ metadata, spec, status }: V1DaemonSet, pods: V1Pod[]): Readiness {
	const { desiredNumberScheduled: wanted = 0, updatedNumberScheduled: updated = 0, numberAvailable = 0 } = status ?? {};
	if ((status?.observedGeneration ?? 0) < (metadata?.generation ?? 0)) {
		return waiting("the controller has not seen the change yet");
	}
	if (updated === wanted && numberAvailable === wanted) return ready;
	const progress = `${updated} of ${wanted} pods are updated, ${numberAvailable} available`;
	return waitingForPods(progress, podsOf(spec?.template, pods));
}

export function pod(pod: V1Pod): Readiness {
	const isReady = pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True");
	if (isReady || pod.status?.phase === "Succeeded") return ready;
	if (pod.status?.phase === "Failed") {
		return {
			...waiting(`the pod failed: ${pod.status.reason ?? ""} ${pod.status.message ?? ""}`.trim()),
			failed: true,
		};
	}
	return waitingForPods(`the pod is not ready (phase ${pod.status?.phase ?? "unknown"})`, [pod]);
}

/** The containers that ended with an error, each with how. */
const containerFailures = (pods: V1Pod[]): string[] =>
	pods.flatMap(({ metadata, spec, status }) =>
		(status?.containerStatuses ?? []).flatMap(({ name, state }) => {
			const { exitCode = 0, reason = "", message = "" } = state?.terminated ?? {};
			if (exitCode === 0) return [];
			const how = `${reason} with exit code ${exitCode}${message && `: ${message.trim()}`}`;
			return [`node ${spec?.nodeName} (pod ${metadata?.name}, container ${name}): ${how}`];
		}),
	);

/** Its work must be done: a Job that the controller gave up, by its backoffLimit or its deadline, never is. */
export function job({ spec, status = {} }: V1Job, pods: V1Pod[]): Readiness {
	const { conditions = [], succeeded = 0, active = 0, failed = 0 } = status;
	const holding = (type: string) =>
		conditions.find((condition) => condition.type === type && condition.status === "True");
	if (holding("Complete")) return ready;
	const gaveUp = holding("Failed");
	if (gaveUp) {
		const why = `the job failed: ${gaveUp.reason ?? ""} ${gaveUp.message ?? ""}`.trim();
		return { ...waiting(why, ...containerFailures(pods)), failed: true };
	}
	const progress = `${succeeded} of ${spec?.completions ?? 1} pods have succeeded, ${active} active, ${failed} failed`;
	const seen = waitingForPods(spec?.suspend ? `${progress}; it is suspended` : progress, pods);
	return { ...seen, reasons: [...seen.reasons, ...containerFailures(pods)] };
}

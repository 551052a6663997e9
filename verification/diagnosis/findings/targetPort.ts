/** A targetPort that no container declares. */
import { distance } from "fastest-levenshtein";
import { protocolOf } from "../../../kubernetes/familyViews.ts";
import type { PodObject, ServiceObject } from "../../../kubernetes/source/usedFields.ts";
import type { FindingOf, WeighedFinding } from "../diagnosisFinding.ts";
import { portReference, type ServicePort } from "../serviceViews.ts";
import { isSimilar } from "./nearLabels.ts";

type Declared = FindingOf<"targetPort">["declared"][number];

/**
 * A named targetPort without a container port of that name has no endpoints: certain. Containers may listen on a port that
 * they don't declare, so a number is only suspect, and only if they declare other ones.
 */
export function targetPortFindings(service: ServiceObject, pods: readonly PodObject[]): WeighedFinding[] {
	return (service.spec.ports ?? []).flatMap((port): WeighedFinding[] => {
		const { targetPort = port.port } = port;
		const protocol = protocolOf(port);
		const declared = pods.flatMap(declaredBy);
		const isMeant = (one: Declared) =>
			one.protocol === protocol && (typeof targetPort === "string" ? one.name === targetPort : one.port === targetPort);
		if (declared.some(isMeant)) return typeof targetPort === "number" ? someWithout(port, pods, isMeant) : [];
		// Nothing is known about containers that declare no port.
		const isSilent = pods.some(({ spec }) => spec.containers.some(({ ports = [] }) => ports.length === 0));
		if (typeof targetPort === "number" && isSilent) return [];
		const distinct = distinctOf(declared);
		const nearest = nearestOf(targetPort, protocol, distinct);
		return [
			{
				weight: typeof targetPort === "string" ? "cause" : "suspect",
				finding: {
					kind: "targetPort",
					port: portReference(port),
					targetPort,
					declared: distinct,
					...(nearest !== undefined && { nearest }),
				},
				...(typeof targetPort === "string" && nearest !== undefined && { fix: patchCommand(service, port, nearest) }),
			},
		];
	});
}

/** Pods of another program that the selector matches too: they get requests that nothing there answers. */
function someWithout(
	port: ServicePort,
	pods: readonly PodObject[],
	isMeant: (one: Declared) => boolean,
): WeighedFinding[] {
	const others = pods.filter(
		(pod) => !declaredBy(pod).some(isMeant) && pod.spec.containers.every(({ ports = [] }) => ports.length > 0),
	);
	if (others.length === 0) return [];
	const finding = {
		kind: "targetPort" as const,
		port: portReference(port),
		targetPort: port.targetPort ?? port.port,
		declared: distinctOf(others.flatMap(declaredBy)),
		pods: others.map(({ metadata }) => metadata.name),
	};
	return [{ weight: "suspect", finding }];
}

const distinctOf = (declared: readonly Declared[]): Declared[] => [
	...new Map(declared.map((one) => [JSON.stringify(one), one])).values(),
];

const declaredBy = ({ spec }: PodObject): Declared[] =>
	[
		...spec.containers,
		...(spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always"),
	].flatMap(({ name: container, ports = [] }) =>
		ports.map((port) => ({
			container,
			...(port.name !== undefined && { name: port.name }),
			port: port.containerPort,
			protocol: protocolOf(port),
		})),
	);

/** The only port of the protocol, or the one with the most similar name. */
function nearestOf(
	wanted: string | number,
	protocol: string,
	declared: readonly Declared[],
): string | number | undefined {
	const candidates = declared.filter((one) => one.protocol === protocol);
	if (typeof wanted === "string") {
		const similar = candidates
			.flatMap(({ name }) => name ?? [])
			.filter((name) => isSimilar(name, wanted))
			.toSorted((a, b) => distance(a, wanted) - distance(b, wanted));
		if (similar[0] !== undefined) return similar[0];
	}
	const ports = new Set(candidates.map(({ port }) => port));
	const [only] = ports;
	return ports.size === 1 ? only : undefined;
}

/** A strategic merge patch identifies a port by its number; two protocols may share it. */
function patchCommand({ metadata, spec }: ServiceObject, port: ServicePort, targetPort: string | number): string[] {
	const { namespace = "", name } = metadata;
	const index = (spec.ports ?? []).indexOf(port);
	const patch = JSON.stringify([{ op: "replace", path: `/spec/ports/${index}/targetPort`, value: targetPort }]);
	return ["kubectl", "-n", namespace, "patch", "service", name, "--type=json", "-p", patch];
}

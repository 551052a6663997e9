/** Reads a diagnosis again while a rollout may be in progress: kube-proxy follows a change within seconds. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterSource } from "../../kubernetes/source/clusterSource.ts";
import { type DiagnosisInput, diagnose, isOfChange } from "./diagnosis.ts";
import type { WeighedFinding } from "./diagnosisFinding.ts";
import { readDiagnosis, type ServiceName } from "./readDiagnosis.ts";

/** kube-proxy writes its rules at most once a second by default (minSyncPeriod), and takes longer in large clusters. */
const pauseSeconds = 3;
const mostReadings = 3;

/** @param first what was read before, if it was @throws NoService */
export async function readSettled(
	source: ClusterSource,
	name: ServiceName,
	pause = pauseSeconds,
	first?: DiagnosisInput,
): Promise<DiagnosisInput> {
	const read = async () => [await readDiagnosis(source, name)];
	const [input] = await settled(source, read, pause, first && [first]);
	if (!input) throw new Error("a reading has one input for each Service");
	return input;
}

/**
 * @param read reads all Services at once: they share the rules of the nodes
 * @param first what was read before, if it was
 * @returns of the last reading; `isChanging` if the objects still changed between the last two
 */
export async function settled<T extends DiagnosisInput>(
	source: ClusterSource,
	read: () => Promise<T[]>,
	pause = pauseSeconds,
	first?: T[],
): Promise<T[]> {
	let inputs = first ?? (await read());
	for (let readings = 1; readings < mostReadings && source.refresh && inputs.some(mayBeLate); readings++) {
		await sleep(pause * 1000);
		source.refresh();
		const again = await read();
		const before = new Map(inputs.map((input) => [nameOf(input), input]));
		inputs = again.map((input) => {
			const earlier = before.get(nameOf(input));
			return earlier && mayBeLate(input) && objectsOf(earlier) !== objectsOf(input)
				? { ...input, isChanging: true }
				: input;
		});
		if (again.every((input) => isSame(before.get(nameOf(input)), input))) break;
	}
	return inputs;
}

const nameOf = ({ reading: { service } }: DiagnosisInput): string =>
	`${service.metadata.namespace}/${service.metadata.name}`;

/** What rules follow. */
const objectsOf = ({ reading: { service, endpointSlices } }: DiagnosisInput): string =>
	JSON.stringify([service.spec, endpointSlices]);

const isSame = (one: DiagnosisInput | undefined, other: DiagnosisInput): boolean =>
	one !== undefined && JSON.stringify(lateFindings(one)) === JSON.stringify(lateFindings(other));

const mayBeLate = (input: DiagnosisInput): boolean => lateFindings(input).length > 0;

const lateFindings = (input: DiagnosisInput): WeighedFinding[] => diagnose(input).findings.filter(isOfChange);

/** Requests from a container of a pod, by exec, with the programs that it has. */
import { toExec, toPlace } from "../../../kubernetes/objects.ts";
import type { ClusterSource, Container } from "../../../kubernetes/source/clusterSource.ts";
import type { PodObject } from "../../../kubernetes/source/usedFields.ts";
import type { Protocol } from "../../../netfilter/model.ts";
import { type ProbeRequest, type ProbeResult, type Prober, probeSeconds } from "./measurement.ts";
import { type PodProgram, podPrograms } from "./podPrograms.ts";

export function podProber(source: ClusterSource, pod: PodObject): Prober {
	const container = toExec(pod);
	const found = new Map<Protocol, Promise<PodProgram | undefined>>();
	const programFor = (protocol: Protocol) => {
		const known = found.get(protocol) ?? installed(source, container, podPrograms[protocol]);
		found.set(protocol, known);
		return known;
	};
	return {
		name: `pod ${container.namespace}/${container.pod}`,
		placeIn: (family) => {
			const place = toPlace(pod, family);
			return place.ip === undefined ? undefined : place;
		},
		sender: async (protocol) => {
			const program = await programFor(protocol);
			return program && ((request) => send(source, container, program, request));
		},
		needs: (protocol) => podPrograms[protocol].map(({ name }) => name),
	};
}

async function installed(
	source: ClusterSource,
	container: Container,
	programs: readonly PodProgram[],
): Promise<PodProgram | undefined> {
	for (const program of programs) {
		const { code, stderr } = await source.run(container, program.check, probeSeconds);
		const isMissing = code === 127 || code === 126 || code === -1 || /not found|no such file/i.test(stderr);
		// Some programs end with another code than 0 after they print their help.
		if (!isMissing && (program.check.at(-1) === "--help" || code === 0)) return program;
	}
	return undefined;
}

async function send(
	source: ClusterSource,
	container: Container,
	{ command, read }: PodProgram,
	request: ProbeRequest,
): Promise<ProbeResult> {
	const ran = await source.run(container, command(request), probeSeconds + 5);
	const detail = reasonIn(ran.stderr);
	const observed = ran.code === -1 ? "other" : read(ran);
	return { observed, ...(observed !== "ok" && detail !== "" && { detail }) };
}

/** The line that says why, without what `curl -v` prints before it. */
const reasonIn = (stderr: string): string => {
	const lines = stderr.trim().split("\n");
	return lines.find((line) => line.startsWith("curl: ")) ?? lines.find((line) => !/^[*<>{}] /.test(line)) ?? "";
};

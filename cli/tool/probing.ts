/** nodeport-lab diagnose --probe: requests that are really sent. */
import { toPlace } from "../../kubernetes/objects.ts";
import type { ClusterSource } from "../../kubernetes/source/clusterSource.ts";
import { parseAddress } from "../../netfilter/address.ts";
import { type DiagnosisInput, predictHealthChecks } from "../../verification/diagnosis/diagnosis.ts";
import { exampleClients } from "../../verification/diagnosis/prediction/predictedClients.ts";
import { measureHealthChecks } from "../../verification/diagnosis/probes/healthCheckProbe.ts";
import { hereAs } from "../../verification/diagnosis/probes/hereProber.ts";
import type { Prober } from "../../verification/diagnosis/probes/measurement.ts";
import { type Measured, measure } from "../../verification/diagnosis/probes/measureService.ts";
import { podProber } from "../../verification/diagnosis/probes/podProber.ts";
import { readListeners } from "../../verification/diagnosis/probes/readListeners.ts";

/** @param from "pod/<name>" or "pod/<namespace>/<name>"; this machine is always a client */
export async function probeAll(
	source: ClusterSource,
	input: DiagnosisInput,
	from: readonly string[],
): Promise<Measured> {
	const { reading, views, rules, outsideIp } = input;
	// Which address the nodes see of this machine isn't known.
	const named = outsideIp === undefined ? undefined : parseAddress(outsideIp);
	const here = hereAs({ ...exampleClients, ...(named && { [named.kind()]: outsideIp }) });
	const pods: Prober[] = [];
	for (const name of from) pods.push(await proberOf(source, reading.service.metadata.namespace ?? "", name));
	const all: Measured = { measurements: [], ...(await readListeners(source, input)) };
	const checks = predictHealthChecks(reading, views, rules, outsideIp);
	const measuring = [here, ...pods].map((prober) => () => measure(prober, views, rules));
	for (const run of [...measuring, () => measureHealthChecks(here.name, checks)]) {
		const { measurements, findings, gaps } = await run();
		all.measurements.push(...measurements);
		all.findings.push(...findings);
		all.gaps.push(...gaps);
	}
	return all;
}

async function proberOf(source: ClusterSource, own: string, from: string): Promise<Prober> {
	const [, namespace = own, name] = from.match(/^pod\/(?:([^/]+)\/)?([^/]+)$/) ?? [];
	if (name === undefined) throw new Error(`--from "${from}": must be pod/<name> or pod/<namespace>/<name>`);
	const answer = await source.list({ kind: "pods", namespace, name });
	if ("refused" in answer) throw new Error(`--from ${from}: ${answer.refused.message}`);
	const [pod] = answer.value;
	if (!pod) throw new Error(`--from "${from}": pod ${namespace}/${name} not found`);
	const { node, ip } = toPlace(pod);
	if (node === undefined || ip === undefined) throw new Error(`--from "${from}": the pod isn't running`);
	return podProber(source, pod);
}

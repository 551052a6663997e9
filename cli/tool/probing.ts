/** nodeport-lab diagnose --probe: requests that are really sent. */
import { toExec, toPlace } from "../../kubernetes/objects.ts";
import type { ClusterSource } from "../../kubernetes/source/clusterSource.ts";
import type { Gap } from "../../kubernetes/source/serviceReading.ts";
import { parseAddress } from "../../netfilter/address.ts";
import type { DiagnosisInput } from "../../verification/diagnosis/diagnosis.ts";
import type { WeighedFinding } from "../../verification/diagnosis/diagnosisFinding.ts";
import { exampleClients } from "../../verification/diagnosis/prediction.ts";
import { readListeners } from "../../verification/diagnosis/readListeners.ts";
import { hereAs, type Measurement, measure, type Prober, podProber } from "../../verification/diagnosis/sendProbes.ts";

export interface Probed {
	measurements: Measurement[];
	findings: WeighedFinding[];
	gaps: Gap[];
}

/** @param from "pod/<name>" or "pod/<namespace>/<name>"; this machine is always a client */
export async function probeAll(source: ClusterSource, input: DiagnosisInput, from: readonly string[]): Promise<Probed> {
	// Which address the nodes see of this machine isn't known.
	const example = exampleClients.ipv4;
	const { reading, views, rules, outsideIp = example } = input;
	// Only IPv4 is measured.
	const here = parseAddress(outsideIp)?.kind() === "ipv4" ? outsideIp : example;
	const probers: Prober[] = [hereAs(here)];
	for (const name of from) probers.push(await proberOf(source, reading.service.metadata.namespace ?? "", name));
	const all: Probed = { measurements: [], ...(await readListeners(source, input)) };
	for (const prober of probers) {
		const { measurements, findings } = await measure(prober, views, rules.rulesets);
		all.measurements.push(...measurements);
		all.findings.push(...findings);
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
	const place = toPlace(pod);
	if (place.node === undefined || place.ip === undefined) throw new Error(`--from "${from}": the pod isn't running`);
	return podProber(source, `pod ${namespace}/${name}`, toExec(pod), place);
}

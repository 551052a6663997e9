/** Reads all that a diagnosis of one Service needs, live or from a bundle. */
import type { ClusterSource } from "../../kubernetes/source/clusterSource.ts";
import type { Gap } from "../../kubernetes/source/gap.ts";
import { serviceProxyOf } from "../../kubernetes/source/serviceProxies.ts";
import { NoService, readService, type ServiceReading } from "../../kubernetes/source/serviceReading.ts";
import type { DiagnosisInput } from "./diagnosis.ts";
import { RefusedRequest } from "./requestProblem.ts";
import { noRules, type RulesReading, readRulesFrom } from "./rulesFromSource.ts";
import { inspectedNodes, isHeadless, type ServiceView, viewsOf } from "./serviceViews.ts";

export interface ServiceName {
	namespace: string;
	name: string;
}

/** "shop/frontend", or "frontend" in namespace default. @throws RefusedRequest for any other text */
export function parseServiceName(text: string): ServiceName {
	const [, namespace = "default", name] = text.match(/^(?:([a-z0-9-]+)\/)?([a-z0-9-]+)$/) ?? [];
	if (name === undefined) throw new RefusedRequest({ kind: "serviceName", value: text });
	return { namespace, name };
}

/** @throws NoService */
export async function readDiagnosis(source: ClusterSource, { namespace, name }: ServiceName): Promise<DiagnosisInput> {
	const reading = await readService(source, namespace, name);
	const { type, externalName } = reading.service.spec;
	if (type === "ExternalName") {
		throw new NoService(
			`Service ${namespace}/${name} is of type ExternalName: DNS answers with ${externalName}, and no node has rules for it`,
		);
	}
	const views = viewsOf(reading);
	const rules = await rulesOf(source, reading, views);
	return { reading, views, rules, ...(source.wasChanging?.(namespace, name) && { isChanging: true }) };
}

async function rulesOf(
	source: ClusterSource,
	reading: ServiceReading,
	views: readonly ServiceView[],
): Promise<RulesReading> {
	const { service, kubeProxies, agents } = reading;
	if (views.length === 0 || isHeadless(service) || serviceProxyOf(service) !== undefined) return noRules();
	// If kube-proxy's pods can't be listed, that gap says why there are no rules.
	if (kubeProxies !== undefined && kubeProxies.size > 0) {
		const rules = await readRulesFrom(source, views);
		return { ...rules, gaps: [...rules.gaps, ...addressGaps(reading, views), ...ebpfGaps(reading)] };
	}
	const isExplained = kubeProxies === undefined || agents.size > 0;
	return noRules(isExplained ? [] : [{ subject: "rules", cause: { kind: "noProxyPods" } }]);
}

/** A request through the address of a node that has none of the family can't be predicted. */
function addressGaps(reading: ServiceReading, views: readonly ServiceView[]): Gap[] {
	const nodes = inspectedNodes(reading).map(({ metadata }) => metadata.name);
	const snapshots = new Map(views.map(({ family, snapshot }) => [family, snapshot]));
	return [...snapshots].flatMap(([family, snapshot]) => {
		const known = new Set(snapshot.nodes.map(({ name }) => name));
		const without = nodes.filter((node) => !known.has(node));
		return without.map((node): Gap => ({ subject: "rules", node, family, cause: { kind: "noNodeAddress" } }));
	});
}

/** Next to kube-proxy, Cilium may serve a pod's requests to a ClusterIP, and drop packets. */
const ebpfGaps = ({ agents }: ServiceReading): Gap[] =>
	agents.has("cilium") ? [{ subject: "otherRules", cause: { kind: "ebpf", agent: "Cilium" } }] : [];

/** Reads all that a diagnosis of one Service needs, live or from a bundle. */
import type { ClusterSource } from "../../kubernetes/source/clusterSource.ts";
import { serviceProxyOf } from "../../kubernetes/source/serviceProxies.ts";
import { type Gap, NoService, readService, type ServiceReading } from "../../kubernetes/source/serviceReading.ts";
import type { DiagnosisInput } from "./diagnosis.ts";
import { type RulesReading, readRulesFrom } from "./rulesFromSource.ts";
import { isHeadless, type ServiceView, viewsOf } from "./serviceViews.ts";

export interface ServiceName {
	namespace: string;
	name: string;
}

/** "shop/frontend", or "frontend" in namespace default. @throws for any other text */
export function parseServiceName(text: string): ServiceName {
	const [, namespace = "default", name] = text.match(/^(?:([a-z0-9-]+)\/)?([a-z0-9-]+)$/) ?? [];
	if (name === undefined) throw new Error(`"${text}" must be <namespace>/<service>, such as shop/frontend`);
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
	return { reading, views, rules: await rulesOf(source, reading, views) };
}

async function rulesOf(
	source: ClusterSource,
	reading: ServiceReading,
	views: readonly ServiceView[],
): Promise<RulesReading> {
	const view = views.find(({ family }) => family === "ipv4");
	const nothing = { rulesets: new Map(), connections: new Map(), findings: [], gaps: [] };
	// If kube-proxy's pods can't be listed, that gap says why there are no rules.
	const isReadable = reading.kubeProxies !== undefined && reading.kubeProxies.size > 0;
	if (!view || isHeadless(reading.service) || serviceProxyOf(reading.service) !== undefined) return nothing;
	if (isReadable) {
		const rules = await readRulesFrom(source, view, views);
		return { ...rules, gaps: [...rules.gaps, ...ebpfGaps(reading)] };
	}
	const isExplained = reading.kubeProxies === undefined || reading.agents.size > 0;
	const message = "no node has a kube-proxy pod; it may be part of another process, as in k3s";
	return isExplained ? nothing : { ...nothing, gaps: [{ subject: "rules", reason: "unsupported", message }] };
}

/** Next to kube-proxy, Cilium may serve a pod's requests to a ClusterIP, and drop packets. */
const ebpfGaps = ({ agents }: ServiceReading): Gap[] =>
	agents.has("cilium")
		? [{ subject: "otherRules", reason: "unsupported", message: "eBPF programs of Cilium aren't evaluated" }]
		: [];

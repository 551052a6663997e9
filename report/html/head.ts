/** What stands on top: whether all is as it must be, what is not, and what lab it is. */
import type { Report } from "../../verification/report.ts";
import { type Markup, markup } from "./markup.ts";

export function verdict({ ok, checkedAt, connectivity, failures, evidence, rules }: Report): Markup {
	const why = rules.length > 0 && ", and as the rules say";
	if (ok)
		return markup`<p class="verdict ok"><b>Verified</b>: all ${connectivity.length} answers are as they must be${why}. <time datetime="${checkedAt}">${checkedAt}</time></p>`;
	const count = failures.length === 1 ? "1 finding" : `${failures.length} findings`;
	return markup`<section class="verdict failed" aria-label="Failures"><p><b>FAILED</b>: ${count}. <time datetime="${checkedAt}">${checkedAt}</time></p>
<ul>${failures.map((failure) => markup`<li>${failure}</li>`)}</ul>
${evidence !== undefined && markup`<p>Evidence: <code>${evidence}</code></p>`}</section>`;
}

/** What the reader must know of how it was looked at. */
export const notices = ({ notices = [] }: Report): Markup | undefined =>
	notices.length > 0 ? markup`<ul class="notices">${notices.map((line) => markup`<li>${line}</li>`)}</ul>` : undefined;

/** "iptables mode (iptables-nft)". */
function proxy({ proxyMode, rules }: Report): string {
	if (proxyMode === "none") return "something else in its place";
	const backends = [...new Set(rules.map(({ backend }) => backend))].join(", ");
	return backends === "" ? proxyMode : `${proxyMode} mode (${backends})`;
}

export function facts(report: Report): Markup {
	const { service, nodes, pods, request } = report;
	const all = request.existing?.sample?.of ?? nodes.length;
	const versions = [...new Set(nodes.map(({ kubeletVersion }) => kubeletVersion))].join(", ");
	const list: [string, string][] = [
		["Service", `${service.namespace}/${service.name}`],
		["ClusterIP", `${service.clusterIp}:${service.port}`],
		["nodePort", `${service.nodePort} on ${all} nodes`],
		["pods behind it", `${pods.length} of ${request.echo.replicas}`],
		["externalTrafficPolicy", service.externalTrafficPolicy],
		["sessionAffinity", service.sessionAffinity],
		["kube-proxy", proxy(report)],
		["Kubernetes", versions],
	];
	return markup`<dl class="facts">${list.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

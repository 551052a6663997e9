/** What stands on top: whether all is as it must be, what is not, and what lab it is. */
import type { Report } from "../model.ts";
import { type Markup, markup } from "./markup.ts";

export function verdict({ ok, checkedAt, connectivity, failures, evidence }: Report): Markup {
	if (ok)
		return markup`<p class="verdict ok"><b>Verified</b>: all ${connectivity.length} answers are as they must be, and as the rules say. <time datetime="${checkedAt}">${checkedAt}</time></p>`;
	const count = failures.length === 1 ? "1 finding" : `${failures.length} findings`;
	return markup`<section class="verdict failed" aria-label="Failures"><p><b>FAILED</b>: ${count}. <time datetime="${checkedAt}">${checkedAt}</time></p>
<ul>${failures.map((failure) => markup`<li>${failure}</li>`)}</ul>
${evidence !== undefined && markup`<p>Evidence: <code>${evidence}</code></p>`}</section>`;
}

export function facts({ service, nodes, pods, proxyMode, rules, request }: Report): Markup {
	const backends = [...new Set(rules.map(({ backend }) => backend))].join(", ");
	const versions = [...new Set(nodes.map(({ kubeletVersion }) => kubeletVersion))].join(", ");
	const list: [string, string][] = [
		["Service", `${service.namespace}/${service.name}`],
		["ClusterIP", `${service.clusterIp}:${service.port}`],
		["nodePort", `${service.nodePort} on ${nodes.length} nodes`],
		["pods behind it", `${pods.length} of ${request.echo.replicas}`],
		["externalTrafficPolicy", service.externalTrafficPolicy],
		["sessionAffinity", service.sessionAffinity],
		["kube-proxy", backends === "" ? proxyMode : `${proxyMode} mode (${backends})`],
		["Kubernetes", versions],
	];
	return markup`<dl class="facts">${list.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** The top of the page: the result, the lesson, the findings, the notices, and facts about the lab. */
import type { Report } from "../../verification/report.ts";
import { findingTexts } from "../findingText.ts";
import { noticeTexts } from "../noticeText.ts";
import { glossaryLink, withTerms } from "./glossary.ts";
import { type Markup, markup } from "./markup.ts";
import { lesson } from "./takeaway.ts";

export function verdict(report: Report): Markup {
	const { ok, checkedAt, connectivity, findings, evidence, rules } = report;
	const why = rules.length > 0 && " by the API objects and by the kernel rules";
	if (ok)
		return markup`<p class="verdict ok"><b>Verified</b>: all ${connectivity.length} requests ended as predicted${why}. <time datetime="${checkedAt}">${checkedAt}</time></p>`;
	const count = findings.length === 1 ? "1 finding" : `${findings.length} findings`;
	return markup`<section class="verdict failed" aria-label="Findings"><p><b>FAILED</b>: ${count}. <time datetime="${checkedAt}">${checkedAt}</time></p>
<ul>${findingTexts(report).map((text) => markup`<li>${text}</li>`)}</ul>
${evidence !== undefined && markup`<p>Evidence: <code>${evidence}</code></p>`}</section>`;
}

/** The first sentence is the lesson, the others are its reasons. */
export function lessonOf(report: Report): Markup {
	const [first = "", ...others] = lesson(report);
	return markup`<p class="lesson">${withTerms(first)}</p>${others.length > 0 && markup`<p class="because">${withTerms(others.join(" "))}</p>`}`;
}

export const notices = (report: Report): Markup | undefined =>
	report.notices.length > 0
		? markup`<ul class="notices">${noticeTexts(report).map((line) => markup`<li>${line}</li>`)}</ul>`
		: undefined;

/** "iptables mode (iptables-nft)". */
function proxy({ proxyMode, rules }: Report): string {
	if (proxyMode === "none") return "replaced by another program";
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
		["endpoint", `${pods.length} of ${request.echo.replicas}`],
		["externalTrafficPolicy", service.externalTrafficPolicy],
		["sessionAffinity", service.sessionAffinity],
		["kube-proxy", proxy(report)],
		["Kubernetes", versions],
	];
	return markup`<dl class="facts">${list.map(([name, value]) => markup`<div><dt>${glossaryLink(name)}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** A report by views: what it says about the Service in one address family and with one protocol. */
import { isOf, nodeIn } from "../../kubernetes/familyViews.ts";
import type { PartialViewName, ViewName } from "../../kubernetes/snapshot.ts";
import { parseAddress } from "../../netfilter/address.ts";
import type { Family } from "../../netfilter/model.ts";
import type { Report, ReportedClient } from "../../verification/report.ts";
import { isSameView, knownView, viewText } from "./viewText.ts";

export interface ReportView {
	view: ViewName;
	/** "UDP over IPv6"; "" if there is only one view. */
	name: string;
	/** Its requests, rules and traces only, with the addresses of its family. */
	report: Report;
}

type Viewed = Pick<Report, "connectivity" | "rules" | "traces">;

/** In the order of the requests, the first one first; at least one. */
export function reportViews(report: Report): ReportView[] {
	const views = viewsIn(report);
	if (views.length === 1) return views.map((view) => ({ view, name: "", report }));
	return views.map((view) => ({ view, name: viewText(view, views), report: narrowed(report, view) }));
}

function viewsIn({ connectivity, rules, traces = [] }: Viewed): ViewName[] {
	const all = [...connectivity.map(({ target }) => target), ...rules, ...traces].map(knownView);
	const views = new Map(all.map((view) => [`${view.family} ${view.protocol}`, view]));
	return views.size === 0 ? [knownView({})] : [...views.values()];
}

/** The Service's first family, which its names lead to unless another is asked for. */
export const usualFamily = ({ service: { clusterIp, clusterIps = [clusterIp] } }: Pick<Report, "service">): Family =>
	parseAddress(clusterIps[0] ?? "")?.kind() ?? "ipv4";

/** What follows the name of what belongs to one view: " (UDP over IPv6)", or "" if there is only one view. */
export type ViewLabel = (of: PartialViewName) => string;

export function viewLabel(report: Viewed): ViewLabel {
	const views = viewsIn(report);
	return (of) => suffix(viewText(of, views));
}

/** " (UDP over IPv6)"; "" for "" */
export const suffix = (name: string): string => (name === "" ? "" : ` (${name})`);

function narrowed(report: Report, view: ViewName): Report {
	const { service, nodes, pods, clients, connectivity, journeys, explained, rules, traces } = report;
	const isOwn = (one: PartialViewName) => isSameView(one, view);
	const own = <T extends string | undefined>(first: T, all: readonly string[] = []): string | T =>
		all.find((address) => isOf(view.family, address)) ?? first;
	const { explained: _, traces: __, ...others } = report;
	return {
		...others,
		service: { ...service, clusterIp: own(service.clusterIp, service.clusterIps) },
		nodes: nodes.map((node) => nodeIn(view.family, node) ?? node),
		pods: pods.map((pod) => ({ ...pod, ip: own(pod.ip, pod.ips) })),
		clients: clients.map((client) => clientIn(client, own(client.place.ip, client.place.ips))),
		connectivity: connectivity.filter(({ target }) => isOwn(target)),
		journeys: { ...journeys, requests: journeys.requests.filter(isOwn) },
		rules: rules.filter(isOwn),
		...(explained && isOwn(explained) && { explained }),
		...(traces && { traces: traces.filter(isOwn) }),
	};
}

const clientIn = ({ name, place }: ReportedClient, ip: string | undefined): ReportedClient => ({
	name,
	place: { ...place, ...(ip !== undefined && { ip }) },
});

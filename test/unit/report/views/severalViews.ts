/** The lab of test/fixtures/report with both address families and both protocols, which behave alike. */
import type { Family, Protocol } from "../../../../netfilter/model.ts";
import { Report } from "../../../../verification/report.ts";
import { fullReport } from "../full.ts";

const inIpv6 = (text: string): string =>
	text
		.replaceAll(/\b172\.18\.0\.(\d+):(?=\d)/g, "[fc00:f853:ccd:e793::$1]:")
		.replaceAll(/\b172\.18\.0\.(\d+)\b/g, "fc00:f853:ccd:e793::$1")
		.replaceAll(/\b10\.244\.(\d+)\.(\d+):(?=\d)/g, "[fd00:10:244:$1::$2]:")
		.replaceAll(/\b10\.244\.(\d+)\.0\/24\b/g, "fd00:10:244:$1::/64")
		.replaceAll(/\b10\.244\.(\d+)\.(\d+)\b/g, "fd00:10:244:$1::$2")
		.replaceAll(/\b10\.96\.(\d+)\.(\d+):(?=\d)/g, "[fd00:10:96::$1:$2]:")
		.replaceAll(/\b10\.96\.(\d+)\.(\d+)\b/g, "fd00:10:96::$1:$2")
		.replaceAll(/\b127\.0\.0\.1:(?=\d)/g, "[::1]:");

const overUdp = (text: string): string =>
	text.replaceAll("-p tcp", "-p udp").replaceAll("-m tcp", "-m udp").replaceAll("http://", "udp://");

const converted = <T>(value: T, convert: (text: string) => string): T => JSON.parse(convert(JSON.stringify(value)));

/** The report's requests, rules, journeys and traces as they are in one view. */
function inView(report: Report, family: Family, protocol: Protocol): Report {
	const view = { family, protocol };
	const inFamily = family === "ipv6" ? converted(report, inIpv6) : report;
	const {
		connectivity,
		rules,
		traces = [],
		journeys,
		...others
	} = protocol === "udp" ? converted(inFamily, overUdp) : inFamily;
	return {
		...others,
		connectivity: connectivity.map((cell) => ({ ...cell, target: { ...cell.target, ...view } })),
		rules: rules.map((one) => ({ ...one, ...view })),
		traces: traces.map((trace) => ({ ...trace, ...view })),
		journeys: { ...journeys, requests: journeys.requests.map((journey) => ({ ...journey, ...view })) },
	};
}

const both: [Family, Protocol][] = [
	["ipv4", "tcp"],
	["ipv4", "udp"],
	["ipv6", "tcp"],
	["ipv6", "udp"],
];

/** As a verification reports it: the first view's addresses, and next to each of them those of all families. */
export function severalViews(views = both, report = fullReport()): Report {
	const families = [...new Set(views.map(([family]) => family))];
	const all = views.map(([family, protocol]) => inView(report, family, protocol));
	const addresses = (address: string) => families.map((family) => (family === "ipv6" ? inIpv6(address) : address));
	const [first = report] = all;
	return Report.parse({
		...first,
		service: {
			...first.service,
			clusterIps: addresses(report.service.clusterIp),
			protocols: [...new Set(views.map(([, protocol]) => protocol))],
		},
		nodes: first.nodes.map((node, i) => ({
			...node,
			internalIps: addresses(report.nodes[i]?.internalIp ?? ""),
			podCidrs: addresses(report.nodes[i]?.podCidr ?? ""),
		})),
		pods: first.pods.map((pod, i) => ({ ...pod, ips: addresses(report.pods[i]?.ip ?? "") })),
		clients: first.clients.map(({ name, place }, i) => ({
			name,
			place: { ...place, ips: addresses(report.clients[i]?.place.ip ?? "") },
		})),
		connectivity: all.flatMap(({ connectivity }) => connectivity),
		rules: all.flatMap(({ rules }) => rules),
		traces: all.flatMap(({ traces = [] }) => traces),
		journeys: joined(all.map(({ journeys }) => journeys)),
	});
}

function joined(all: readonly Report["journeys"][]): Report["journeys"] {
	const hops: Report["journeys"]["hops"] = [];
	const requests = all.flatMap((journeys) => {
		const first = hops.length;
		hops.push(...journeys.hops);
		return journeys.requests.map((journey) => ({
			...journey,
			branches: journey.branches.map((branch) => ({
				...branch,
				legs: branch.legs.map((leg) => ({ ...leg, hops: leg.hops.map((index) => first + index) })),
			})),
		}));
	});
	return { hops, requests, omittedRequests: 0 };
}

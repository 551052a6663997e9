/** The part of a report that fits into a stack's outputs. */
import type { Report, Summary } from "./model.ts";

/** An engine keeps outputs in every snapshot of its state: 64 KB is the contract's bound, the rest is for the others. */
const roomForRules = 48 * 1024;

/** The first client's cells, and the rules of as many nodes as there is room for. */
export function summarize(report: Report): Summary {
	const base = report.connectivity[0]?.client;
	let left = roomForRules;
	const nodes = report.rules.filter((rules) => {
		left -= JSON.stringify(rules).length;
		return left >= 0;
	});
	const omittedNodes = report.rules.length - nodes.length;
	return {
		ok: report.ok,
		checkedAt: report.checkedAt,
		proxyMode: report.proxyMode,
		connectivity: report.connectivity.filter(({ client }) => client === base),
		nodes,
		...(omittedNodes > 0 && { omittedNodes }),
		report: report.request.report,
		pods: report.pods,
	};
}

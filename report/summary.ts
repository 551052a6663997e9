/** The part of the report that fits into the stack's outputs. */
import type { Report, Summary } from "../verification/report.ts";
import { reportViews } from "./views/reportViews.ts";

/**
 * Bytes of JSON. Pulumi stores outputs in every snapshot of its state, so the contract limits them to 64 KB. Rules get the
 * room that requests and pods leave; the rest needs less than 2 KB.
 */
const room = { cells: 36 * 1024, total: 62 * 1024 };

/** The first client's requests and the nodes' rules, as many as there is room for, those of the first view before others. */
export function summarize(report: Report): Summary {
	const [first] = report.connectivity;
	const views = reportViews(report);
	const left = room.total - bytesOf(report.pods);
	const cells = fitting(
		views.flatMap(({ report }) => report.connectivity).filter(({ client }) => client === first?.client),
		Math.min(room.cells, left),
	);
	const rules = views.flatMap(({ report }) => report.rules);
	const nodes = fitting(rules, left - cells.bytes);
	return {
		ok: report.ok,
		checkedAt: report.checkedAt,
		proxyMode: report.proxyMode,
		connectivity: cells.taken,
		...(cells.omitted > 0 && { omittedCells: cells.omitted }),
		nodes: nodes.taken,
		...(nodes.omitted > 0 && { omittedNodes: nodes.omitted }),
		report: report.request.report,
		pods: report.pods,
	};
}

/** As many items as fit into this number of bytes. */
function fitting<T>(items: readonly T[], bytes: number): { taken: T[]; omitted: number; bytes: number } {
	let used = 0;
	const taken = items.filter((item) => {
		const own = bytesOf(item) + 1;
		if (used + own > bytes) return false;
		used += own;
		return true;
	});
	return { taken, omitted: items.length - taken.length, bytes: used };
}

const bytesOf = (data: unknown): number => Buffer.byteLength(JSON.stringify(data));

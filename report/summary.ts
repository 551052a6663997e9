/** The part of a report that fits into a stack's outputs. */
import type { Report, Summary } from "../verification/report.ts";

/**
 * Bytes of JSON. An engine keeps outputs in every snapshot of its state: 64 KB is the contract's bound. What the cells
 * leave of their room is for the rules; names of pods and the rest take less than what is left.
 */
const room = { cells: 36 * 1024, total: 52 * 1024 };

/** The first client's cells, and the rules of the nodes: as many of each as there is room for. */
export function summarize(report: Report): Summary {
	const [first] = report.connectivity;
	const cells = fitting(
		report.connectivity.filter(({ client }) => client === first?.client),
		room.cells,
	);
	const nodes = fitting(report.rules, room.total - cells.bytes);
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

/** As many of the items as fit into so many bytes. */
function fitting<T>(items: readonly T[], bytes: number): { taken: T[]; omitted: number; bytes: number } {
	let used = 0;
	const taken = items.filter((item) => {
		const own = Buffer.byteLength(JSON.stringify(item)) + 1;
		if (used + own > bytes) return false;
		used += own;
		return true;
	});
	return { taken, omitted: items.length - taken.length, bytes: used };
}

/** What was measured as tables. */
import { table } from "../../lib/table.ts";
import type { Bench } from "./bench.ts";
import type { Comparison, Growth, Spread } from "./rounds.ts";
import { spreadOf } from "./rounds.ts";

/** Seconds that the matrix of 4 nodes, which 3 workers make, should take. */
const matrixAim = { workers: 3, seconds: 3 };

export function benchText({ machine, rounds, comparisons, verification }: Bench): string {
	const { cpus, memoryGiB, kernel, node, loadBefore } = machine;
	const where = `${cpus} CPUs, ${memoryGiB} GiB, Linux ${kernel}, Node.js ${node}, load before ${loadBefore.toFixed(1)}`;
	return [
		`${where}. Medians of ${rounds} rounds, in brackets the least and the most.`,
		...(comparisons.length > 0 ? [comparisonTable(comparisons)] : []),
		...(verification ? [growthTable(verification)] : []),
	].join("\n\n");
}

function comparisonTable(comparisons: Comparison[]): string {
	const head = ["MEASURED", "SECONDS", "AGAINST", "SECONDS", "RATIO", "AIM"];
	const rows = comparisons.map(({ measured, base, ratio, aim }) => [
		measured.what,
		spread(spreadOf(measured.seconds), 1),
		base.what,
		spread(spreadOf(base.seconds), 1),
		spread(ratio, 2),
		aim === undefined ? "" : `${aim.toFixed(1)} ${ratio.median <= aim ? "met" : "missed"}`,
	]);
	return table([head, ...rows]);
}

function growthTable(growth: Growth[]): string {
	const head = ["VERIFICATION OF", "CELLS", "SECONDS", "EACH NODE MORE", "GROWTH / NODES'", "AIM"];
	const rows = growth.map(({ workers, cells, spread: taken, secondsPerNode, timesLinear }, i) => [
		`${workers + 1} nodes`,
		String(cells),
		spread(taken, 1),
		secondsPerNode?.toFixed(2) ?? "",
		i === 0 ? "" : timesLinear.toFixed(2),
		[
			...(i === 0 ? [] : [`1.0 ${timesLinear <= 1 ? "met" : "missed"}`]),
			...(workers === matrixAim.workers
				? [`about ${matrixAim.seconds} s ${taken.median <= matrixAim.seconds ? "met" : "missed"}`]
				: []),
		].join(", "),
	]);
	return table([head, ...rows]);
}

const spread = ({ median, min, max }: Spread, digits: number): string =>
	`${median.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`;

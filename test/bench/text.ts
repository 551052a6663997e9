/** The measurements as tables. */
import { table } from "../../lib/table.ts";
import type { Bench } from "./bench.ts";
import type { Comparison, Growth, Spread } from "./rounds.ts";
import { spreadOf } from "./rounds.ts";

/** Seconds that the matrix of a cluster with 3 workers should take at most. */
const matrixAim = { workers: 3, seconds: 3 };

export function benchText({ machine, rounds, comparisons, verification }: Bench): string {
	const { cpus, memoryGiB, kernel, node, loadBefore } = machine;
	const where = `${cpus} CPUs, ${memoryGiB} GiB, Linux ${kernel}, Node.js ${node}, load before ${loadBefore.toFixed(1)}`;
	return [
		`${where}. Medians of ${rounds} rounds, minimum and maximum in brackets.`,
		...(comparisons.length > 0 ? [comparisonTable(comparisons)] : []),
		...(verification ? [growthTable(verification)] : []),
	].join("\n\n");
}

function comparisonTable(comparisons: Comparison[]): string {
	const head = ["MEASURED", "SECONDS", "COMPARED WITH", "SECONDS", "RATIO", "AIM"];
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
	const head = ["VERIFICATION OF", "REQUESTS", "SECONDS", "MS PER REQUEST", "GROWTH / REQUESTS'", "AIM"];
	const rows = growth.map(({ workers, requests, spread: taken, millisecondsPerRequest, timesLinear }, i) => [
		`${workers + 1} nodes`,
		String(requests),
		spread(taken, 1),
		millisecondsPerRequest.toFixed(0),
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

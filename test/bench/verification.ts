/** The verification alone, by the number of nodes, everybody asking: the very command that an update runs. */
import { join } from "node:path";
import { readReport } from "../../verification/resultFile.ts";
import { type BenchLab, withLab } from "./lab.ts";
import { type Growth, growthOf, type Size } from "./rounds.ts";
import { say } from "./runner.ts";

const sizes = [1, 3, 6, 10];

/** One cluster after the other, as each has as many nodes as the machine carries. */
export const measureVerification = (rounds: number): Promise<Growth[]> =>
	withLab(async (lab) => {
		await lab.configure("connectivity", "full");
		const measured: Size[] = [];
		for (const workers of sizes) measured.push(await measureSize(lab, workers, rounds));
		return growthOf(measured);
	});

async function measureSize(lab: BenchLab, workers: number, rounds: number): Promise<Size> {
	say(`making a cluster of ${workers === 1 ? "1 worker" : `${workers} workers`}`);
	await lab.configure("workers", workers);
	await lab.up();
	const report = await readReport(join(lab.folder, "out/verification.json"));
	if (!report) throw new Error("the lab has no report of its verification");
	const [request, cells] = [JSON.stringify(report.request), report.connectivity.length];
	const times: number[] = [];
	for (let round = 1; round <= rounds; round++) {
		const taken = await lab.run("node", ["lib/program.mjs", "verification/verificationProgram.ts"], request);
		say(`round ${round} of ${rounds}: ${cells} cells: ${taken.toFixed(1)} s`);
		times.push(taken);
	}
	return { workers, cells, seconds: times };
}

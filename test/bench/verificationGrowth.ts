/** Only the verification, by number of nodes, with the full matrix: the command that an update runs. */
import { join } from "node:path";
import { readReport } from "../../verification/resultFile.ts";
import { type BenchLab, withLab } from "./benchLab.ts";
import { type Growth, growthOf, type Size } from "./rounds.ts";
import { log } from "./runner.ts";

const sizes = [1, 3, 6, 10];

/** One cluster after the other: the largest one has as many nodes as the machine can run. */
export const measureVerification = (rounds: number): Promise<Growth[]> =>
	withLab(async (lab) => {
		await lab.configure("connectivity", "full");
		const measured: Size[] = [];
		for (const workers of sizes) measured.push(await measureSize(lab, workers, rounds));
		return growthOf(measured);
	});

async function measureSize(lab: BenchLab, workers: number, rounds: number): Promise<Size> {
	log(`creating a cluster of ${workers === 1 ? "1 worker" : `${workers} workers`}`);
	await lab.configure("workers", workers);
	await lab.up();
	const report = await readReport(join(lab.folder, "out/verification.json"));
	if (!report) throw new Error("the lab has no report");
	const [request, requests] = [JSON.stringify(report.request), report.connectivity.length];
	const times: number[] = [];
	for (let round = 1; round <= rounds; round++) {
		const taken = await lab.run("node", ["lib/program.mjs", "verification/verificationProgram.ts"], request);
		log(`round ${round} of ${rounds}: ${requests} requests: ${taken.toFixed(1)} s`);
		times.push(taken);
	}
	return { workers, requests, seconds: times };
}

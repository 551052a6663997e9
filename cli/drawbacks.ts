/**
 * npm run drawbacks [-- <name> …] [--skip <name>] [--services <n>,<n>] [--paths] [--verbose]: measures the drawbacks of NodePort
 * on the lab, and restores the lab, even after a failure or Ctrl-C.
 */

import { Cluster } from "../kubernetes/liveCluster.ts";
import { command, EndedBySignal } from "../lib/programs/command.ts";
import { answerText } from "../report/answer/answerText.ts";
import { drawbacksVerdict, drawbackText } from "../report/drawbacks/drawbacksText.ts";
import { experiments } from "../verification/experiments/all.ts";
import { mostServices } from "../verification/experiments/manyServices/generatedServices.ts";
import type { Measurement } from "../verification/experiments/model.ts";
import type { Experiment } from "../verification/experiments/support/experiment.ts";
import { restoreLeftovers } from "../verification/experiments/support/leftovers.ts";
import type { Drawback, Report } from "../verification/report.ts";
import { writeReport } from "../verification/resultFile.ts";
import { parseArguments, verbosity } from "./arguments.ts";
import { screenOf } from "./display/screenOf.ts";
import { showWork } from "./display/showWork.ts";
import { repairLessonFault } from "./lesson/repairLab.ts";
import { ExperimentLab } from "./stack/experimentLab.ts";
import { settleLocks } from "./stack/interrupted.ts";
import { requireOwnCluster } from "./stack/stackCluster.ts";
import { exclusively, knownReport, show, verifyAgain, writeForms } from "./stack/stackReport.ts";
import { removeLeftovers } from "./update/staleFiles.ts";
import { pulumi } from "./update/update.ts";

await command(async () => {
	const chosen = options();
	await removeLeftovers();
	return exclusively(() => measureAll(chosen));
});

async function measureAll({ chosen, services, paths, verbose }: Options): Promise<number> {
	await requireOwnCluster(
		"the experiments stop nodes, reconfigure kube-proxy and recreate the cluster, so they need the lab's own cluster",
		"drawbacks",
	);
	const { nodes, request } = await knownReport();
	const workers = nodes.filter(({ role }) => role === "worker").length;
	for (const { name, workers: needed } of chosen) {
		if (needed > workers) {
			throw new Error(
				`${name} needs ${needed} workers, the lab has ${workers}; fix: pulumi config set workers ${needed} && npm start`,
			);
		}
	}
	await settleLocks();
	await restoreLeftovers(new Cluster(request));
	await repairLessonFault(request);
	const abort = new AbortController();
	for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
		process.on(signal, () => {
			if (!abort.signal.aborted) console.error("interrupted: restoring the lab, then exiting");
			abort.abort(new EndedBySignal(signal));
		});
	}
	const screen = screenOf({ verbose });
	const drawbacks: Drawback[] = [];
	const errors: Error[] = [];
	const failed = (error: Error) => void errors.push(error);
	try {
		for (const experiment of chosen) {
			const drawback = await showWork(experiment.name, { verbose }, (status) =>
				run(experiment, new ExperimentLab(abort.signal, status, services)),
			);
			drawbacks.push(drawback);
			console.log(drawbackText(drawback, { verbose, paths, width: screen.width }));
		}
	} catch (error) {
		// The error of an interrupted operation says less than the signal.
		failed(abort.signal.aborted ? abort.signal.reason : error);
	}
	const report = await restore(drawbacks).catch(failed);
	const [first, ...others] = errors;
	for (const { message } of others) console.error(`error: ${message}`);
	if (first) throw first;
	const verdict = drawbacksVerdict(drawbacks);
	if (report) console.log(`\n${answerText(report, screen, verdict)}`);
	return verdict.ok ? 0 : 1;
}

interface Options {
	chosen: Experiment[];
	/** How many Services many-services creates. */
	services: number[];
	/** Show all paths. */
	paths: boolean;
	/** Show what is as expected too. */
	verbose: boolean;
}

function options(): Options {
	const names = experiments.map(({ name }) => name);
	const { values, positionals } = parseArguments(
		"npm run drawbacks -- [<name> …] [--skip <name>] [--services <n>,<n>] [--paths] [--verbose]",
		{
			options: {
				skip: { type: "string", multiple: true, default: [] },
				services: { type: "string", default: "1,1000,5000" },
				paths: { type: "boolean", default: false },
				...verbosity,
			},
			allowPositionals: true,
		},
		[
			...experiments.map(
				({ name, question, onlyByName }) => `${name}: ${question}${onlyByName ? " (runs only if named)" : ""}`,
			),
			"--services  how many Services many-services creates, one number after the other (default 1,1000,5000)",
			"--paths    shows the packet's path of each measurement",
			"--verbose  shows every measurement",
		],
	);
	const unknown = [...positionals, ...values.skip].find((name) => !names.includes(name));
	if (unknown !== undefined) throw new Error(`experiment "${unknown}" not found; experiments: ${names.join(", ")}`);
	const usual = experiments.filter(({ onlyByName }) => !onlyByName).map(({ name }) => name);
	const wanted = positionals.length > 0 ? positionals : usual;
	const chosen = experiments.filter(({ name }) => wanted.includes(name) && !values.skip.includes(name));
	return { chosen, services: serviceCounts(values.services), paths: values.paths, verbose: values.verbose };
}

/** @throws unless they are whole numbers in ascending order, and the cluster has as many ClusterIPs */
function serviceCounts(text: string): number[] {
	const counts = text.split(",").map((count) => (/^\d+$/.test(count) ? Number(count) : Number.NaN));
	const isValid = counts.every((count, i) => count > (counts[i - 1] ?? 0) && count <= mostServices);
	if (isValid) return counts;
	throw new Error(
		`--services: got ${JSON.stringify(text)}, allowed: numbers from 1 to ${mostServices} in ascending order; fix: --services 1,1000,5000`,
	);
}

/** Runs an experiment under each of its settings, and undoes its other changes. */
async function run(experiment: Experiment, lab: ExperimentLab): Promise<Drawback> {
	const { name, title, question, changes, measure } = experiment;
	const measurements: Measurement[] = [];
	for (const change of changes(await lab.snapshot())) {
		const snapshot = await lab.configure(change);
		const measured = await measure(lab, snapshot).then(
			(value) => ({ value }),
			(reason: Error) => ({ reason }),
		);
		const errors = [...("reason" in measured ? [measured.reason.message] : []), ...(await lab.restore())];
		lab.signal.throwIfAborted();
		if (errors.length > 0) throw new Error(`${name}: ${errors.join("; ")}`);
		if ("value" in measured) measurements.push(...measured.value);
	}
	return { name, title, question, checkedAt: new Date().toISOString(), measurements };
}

/**
 * Restores the stack's own configuration, and verifies it; the report keeps the results of the experiments.
 * @throws if the lab isn't restored
 */
async function restore(drawbacks: Drawback[]): Promise<Report> {
	const report = await showWork("restoring the lab", { verbose: false }, async (status) => {
		await settleLocks();
		const code = await pulumi(["up", "--yes", "--skip-preview", "--suppress-outputs"], { status });
		if (code !== 0) throw new Error("the lab couldn't be restored; fix: npm start");
		return verifyAgain(status);
	});
	const others = (report.drawbacks ?? []).filter(({ name }) => !drawbacks.some((drawback) => drawback.name === name));
	const written = await writeReport({ ...report, drawbacks: [...others, ...drawbacks] });
	if (written.ok) {
		await writeForms(written);
		return written;
	}
	await show(written, { verbose: false });
	throw new Error("the lab is restored, but its verification failed; fix: npm start");
}

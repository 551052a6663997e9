/**
 * npm run drawbacks [-- <name> …] [--skip <name>] [--paths]: measures the drawbacks of NodePort on the lab, and restores
 * the lab, even after a failure or Ctrl-C.
 */

import { Cluster } from "../kubernetes/liveCluster.ts";
import { command } from "../lib/programs/command.ts";
import { drawbackTable, drawbackText } from "../report/drawbacksText.ts";
import { experiments } from "../verification/experiments/all.ts";
import type { Measurement } from "../verification/experiments/model.ts";
import type { Experiment } from "../verification/experiments/support/experiment.ts";
import { restoreLeftovers } from "../verification/experiments/support/leftovers.ts";
import type { Drawback } from "../verification/report.ts";
import { writeReport } from "../verification/resultFile.ts";
import { parseArguments } from "./arguments.ts";
import { repairLessonFault } from "./lesson/liveLab.ts";
import { ExperimentLab } from "./stack/experimentLab.ts";
import { settleLocks } from "./stack/interrupted.ts";
import { readSettings } from "./stack/settings.ts";
import { stack } from "./stack/stack.ts";
import { stackCluster } from "./stack/stackCluster.ts";
import { exclusively, knownReport, show, verifyAgain, writeForms } from "./stack/stackReport.ts";
import { readState } from "./stack/stackState.ts";
import { removeLeftovers } from "./update/staleFiles.ts";
import { pulumi } from "./update/update.ts";

await command(async () => {
	const chosen = options();
	await removeLeftovers();
	return exclusively(() => measureAll(chosen));
});

async function measureAll({ chosen, paths }: Options): Promise<number> {
	// By the configuration, not by the last report: the experiments update the stack.
	const cluster = await stackCluster(await readSettings(stack), await readState());
	if (cluster.kind === "existing") {
		throw new Error(
			"the experiments stop nodes, reconfigure kube-proxy and recreate the cluster, so they need the lab's own cluster; " +
				"fix: create one in another stack: PULUMI_STACK=kind npm start && PULUMI_STACK=kind npm run drawbacks",
		);
	}
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
			abort.abort(new Error(`ended by ${signal}`));
		});
	}
	const drawbacks: Drawback[] = [];
	const errors: unknown[] = [];
	try {
		for (const experiment of chosen) {
			const drawback = await run(experiment, abort.signal);
			drawbacks.push(drawback);
			console.log(`\n${drawbackText(drawback, { paths })}`);
		}
	} catch (error) {
		// The error of an interrupted operation says less than the signal.
		errors.push(abort.signal.aborted ? abort.signal.reason : error);
	}
	await restore(drawbacks).catch((error) => errors.push(error));
	if (drawbacks.length > 0) console.log(`\n${drawbackTable(drawbacks)}`);
	if (errors.length > 0) {
		throw new Error(errors.map((error) => (error instanceof Error ? error.message : error)).join("\n"));
	}
	return drawbacks.every(({ measurements }) => measurements.every(({ ok }) => ok)) ? 0 : 1;
}

interface Options {
	chosen: Experiment[];
	/** Show all paths. */
	paths: boolean;
}

function options(): Options {
	const names = experiments.map(({ name }) => name);
	const { values, positionals } = parseArguments(
		"npm run drawbacks -- [<name> …] [--skip <name>] [--paths]",
		{
			options: { skip: { type: "string", multiple: true, default: [] }, paths: { type: "boolean", default: false } },
			allowPositionals: true,
		},
		experiments.map(({ name, question }) => `${name}: ${question}`),
	);
	const unknown = [...positionals, ...values.skip].find((name) => !names.includes(name));
	if (unknown !== undefined) throw new Error(`experiment "${unknown}" not found; experiments: ${names.join(", ")}`);
	const wanted = positionals.length > 0 ? positionals : names;
	const chosen = experiments.filter(({ name }) => wanted.includes(name) && !values.skip.includes(name));
	return { chosen, paths: values.paths };
}

/** Runs an experiment under each of its settings, and undoes its other changes. */
async function run({ name, title, question, changes, measure }: Experiment, signal: AbortSignal): Promise<Drawback> {
	console.error(`\n${name}: ${question}`);
	const lab = new ExperimentLab(signal);
	const measurements: Measurement[] = [];
	for (const change of changes(await lab.snapshot())) {
		const snapshot = await lab.configure(change);
		const measured = await measure(lab, snapshot).then(
			(value) => ({ value }),
			(reason: Error) => ({ reason }),
		);
		const errors = [...("reason" in measured ? [measured.reason.message] : []), ...(await lab.restore())];
		signal.throwIfAborted();
		if (errors.length > 0) throw new Error(`${name}: ${errors.join("; ")}`);
		if ("value" in measured) measurements.push(...measured.value);
	}
	return { name, title, question, checkedAt: new Date().toISOString(), measurements };
}

/**
 * Restores the stack's own configuration, and verifies it; the report keeps the results of the experiments.
 * @throws if the lab isn't restored
 */
async function restore(drawbacks: Drawback[]): Promise<void> {
	console.error("\nrestoring the lab");
	await settleLocks();
	const code = await pulumi(["up", "--yes", "--skip-preview", "--suppress-outputs"]);
	if (code !== 0) throw new Error("the lab couldn't be restored; fix: npm start");
	const report = await verifyAgain();
	const others = (report.drawbacks ?? []).filter(({ name }) => !drawbacks.some((drawback) => drawback.name === name));
	const written = await writeReport({ ...report, drawbacks: [...others, ...drawbacks] });
	if (written.ok) return writeForms(written);
	await show(written);
	throw new Error("the lab is restored, but its verification failed; fix: npm start");
}

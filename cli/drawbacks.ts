/**
 * npm run drawbacks [-- <name> …] [--skip <name>] [--paths]: measures the drawbacks of NodePort on the lab, and leaves the lab
 * as it was, also where an experiment fails or Ctrl-C ends it.
 */

import { Cluster } from "../kubernetes/liveCluster.ts";
import { command } from "../lib/command.ts";
import { drawbackTable, drawbackText } from "../report/drawbacks.ts";
import { experiments } from "../verification/experiments/all.ts";
import type { Experiment } from "../verification/experiments/support/experiment.ts";
import { restoreLeftovers } from "../verification/experiments/support/leftovers.ts";
import type { Drawback, Finding } from "../verification/report.ts";
import { writeReport } from "../verification/resultFile.ts";
import { parseArguments } from "./arguments.ts";
import { ExperimentLab } from "./stack/experimentLab.ts";
import { settleLocks } from "./stack/interrupted.ts";
import { exclusively, knownReport, show, tellForms, verifyAgain } from "./stack/lab.ts";
import { removeLeftovers } from "./stack/leftovers.ts";
import { readSettings } from "./stack/settings.ts";
import { stack } from "./stack/stack.ts";
import { stackCluster } from "./stack/stackCluster.ts";
import { readState } from "./stack/state.ts";
import { pulumi } from "./stack/update.ts";

await command(async () => {
	const chosen = options();
	await removeLeftovers();
	return exclusively(() => measureAll(chosen));
});

async function measureAll({ chosen, paths }: Options): Promise<number> {
	// As configured: the experiments update the stack, whatever was verified last.
	const cluster = await stackCluster(await readSettings(stack), await readState());
	if (cluster.kind === "existing") {
		throw new Error(
			"the experiments stop nodes, reconfigure kube-proxy and make clusters: they need a cluster of the lab's own; " +
				"fix: one in a stack of its own: PULUMI_STACK=kind npm start && PULUMI_STACK=kind npm run drawbacks",
		);
	}
	const { nodes, request } = await knownReport();
	const workers = nodes.filter(({ role }) => role === "worker").length;
	for (const { name, workers: needed } of chosen) {
		if (needed > workers) {
			throw new Error(`${name} needs ${needed} workers, the lab has ${workers}: pulumi config set workers ${needed}`);
		}
	}
	await settleLocks();
	await restoreLeftovers(new Cluster(request));
	const abort = new AbortController();
	for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
		process.on(signal, () => {
			if (!abort.signal.aborted) console.error("ending; the lab is put back first");
			abort.abort(new Error(`ended by ${signal}`));
		});
	}
	const drawbacks: Drawback[] = [];
	const faults: unknown[] = [];
	try {
		for (const experiment of chosen) {
			const drawback = await run(experiment, abort.signal);
			drawbacks.push(drawback);
			console.log(`\n${drawbackText(drawback, { paths })}`);
		}
	} catch (error) {
		// What the signal broke off fails in its own words, which say less.
		faults.push(abort.signal.aborted ? abort.signal.reason : error);
	}
	await restore(drawbacks).catch((error) => faults.push(error));
	if (drawbacks.length > 0) console.log(`\n${drawbackTable(drawbacks)}`);
	if (faults.length > 0)
		throw new Error(faults.map((fault) => (fault instanceof Error ? fault.message : fault)).join("\n"));
	return drawbacks.every(({ findings }) => findings.every(({ ok }) => ok)) ? 0 : 1;
}

interface Options {
	chosen: Experiment[];
	/** Whether all the packets' paths are shown. */
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
	if (unknown !== undefined) throw new Error(`there is no experiment "${unknown}"; there are: ${names.join(", ")}`);
	const wanted = positionals.length > 0 ? positionals : names;
	const chosen = experiments.filter(({ name }) => wanted.includes(name) && !values.skip.includes(name));
	return { chosen, paths: values.paths };
}

/** Makes one experiment under each of its changes, and undoes what it did beside them. */
async function run({ name, title, question, changes, measure }: Experiment, signal: AbortSignal): Promise<Drawback> {
	console.error(`\n${name}: ${question}`);
	const lab = new ExperimentLab(signal);
	const findings: Finding[] = [];
	for (const change of changes(await lab.look())) {
		const snapshot = await lab.configure(change);
		const measured = await measure(lab, snapshot).then(
			(value) => ({ value }),
			(reason: Error) => ({ reason }),
		);
		const faults = [...("reason" in measured ? [measured.reason.message] : []), ...(await lab.putBack())];
		signal.throwIfAborted();
		if (faults.length > 0) throw new Error(`${name}: ${faults.join("; ")}`);
		if ("value" in measured) findings.push(...measured.value);
	}
	return { name, title, question, checkedAt: new Date().toISOString(), findings };
}

/**
 * Back to the stack's own configuration, verified; the report keeps what the experiments found.
 * @throws where the lab is not what it was
 */
async function restore(drawbacks: Drawback[]): Promise<void> {
	console.error("\nputting the lab back");
	await settleLocks();
	const code = await pulumi(["up", "--yes", "--skip-preview", "--suppress-outputs"]);
	if (code !== 0) throw new Error("the lab could not be put back; fix: npm start");
	const report = await verifyAgain();
	const others = (report.drawbacks ?? []).filter(({ name }) => !drawbacks.some((drawback) => drawback.name === name));
	const whole = await writeReport({ ...report, drawbacks: [...others, ...drawbacks] });
	if (whole.ok) return tellForms(whole);
	await show(whole);
	throw new Error("the lab is back, but not as it must be; fix: npm start");
}

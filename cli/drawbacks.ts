/**
 * npm run drawbacks [-- <name> …] [--skip <name>] [--paths]: measures the drawbacks of NodePort on the lab, and leaves the lab
 * as it was, also where an experiment fails or Ctrl-C ends it.
 */
import { parseArgs } from "node:util";
import { command } from "../cluster/command.ts";
import { Cluster } from "../verification/cluster.ts";
import { experiments } from "../verification/experiments/all.ts";
import type { Experiment } from "../verification/experiments/experiment.ts";
import { removeLeftovers } from "../verification/experiments/services.ts";
import { drawbackLine, drawbackText } from "../verification/report/drawbacks.ts";
import type { Drawback, Finding } from "../verification/report/model.ts";
import { writeReport } from "../verification/report/stored.ts";
import { ExperimentLab } from "./experimentLab.ts";
import { lastReport, pulumi, show, verifyAgain } from "./lab.ts";

await command(async () => {
	const { chosen, paths } = options();
	const last = await lastReport();
	if (!last) throw new Error("there is no lab to experiment on: run `npm start` first");
	const workers = last.nodes.filter(({ role }) => role === "worker").length;
	for (const { name, workers: needed } of chosen) {
		if (needed > workers) {
			throw new Error(`${name} needs ${needed} workers, the lab has ${workers}: pulumi config set workers ${needed}`);
		}
	}
	await removeLeftovers(new Cluster(last.request.kubeconfig));
	const abort = new AbortController();
	process.on("SIGINT", () => {
		if (!abort.signal.aborted) console.error("ending; the lab is put back first");
		abort.abort(new Error("ended by Ctrl-C"));
	});
	const drawbacks: Drawback[] = [];
	let fault: unknown;
	try {
		for (const experiment of chosen) {
			const drawback = await run(experiment, abort.signal);
			drawbacks.push(drawback);
			console.log(`\n${drawbackText(drawback, { paths })}`);
		}
	} catch (error) {
		fault = error;
	}
	const restored = await restore(drawbacks);
	console.log(["", ...drawbacks.map(drawbackLine)].join("\n"));
	if (fault) throw fault;
	return restored && drawbacks.every(({ findings }) => findings.every(({ ok }) => ok)) ? 0 : 1;
});

function options(): { chosen: Experiment[]; paths: boolean } {
	const { values, positionals } = parseArgs({
		options: { skip: { type: "string", multiple: true, default: [] }, paths: { type: "boolean", default: false } },
		allowPositionals: true,
	});
	const names = experiments.map(({ name }) => name);
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
		const sight = await lab.configure(change);
		let faults: string[] = [];
		try {
			findings.push(...(await measure(lab, sight)));
		} finally {
			faults = await lab.putBack();
		}
		if (faults.length > 0) throw new Error(`${name} could not be undone: ${faults.join("; ")}; fix: npm start`);
	}
	return { name, title, question, checkedAt: new Date().toISOString(), findings };
}

/** Back to the stack's own configuration, verified; the report keeps what the experiments found. */
async function restore(drawbacks: Drawback[]): Promise<boolean> {
	console.error("\nputting the lab back");
	const code = await pulumi("up", "--yes", "--skip-preview", "--suppress-outputs");
	const report = await verifyAgain();
	const others = (report.drawbacks ?? []).filter(({ name }) => !drawbacks.some((drawback) => drawback.name === name));
	await writeReport({ ...report, drawbacks: [...others, ...drawbacks] });
	if (!report.ok) show(report);
	return code === 0 && report.ok;
}

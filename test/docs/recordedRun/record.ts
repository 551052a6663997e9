/** Records a run on the running lab, and checks that its commands print what is rendered from the recorded data. */
import { readFile } from "node:fs/promises";
import { withApiError } from "../../../kubernetes/apiErrors.ts";
import { Cluster } from "../../../kubernetes/liveCluster.ts";
import { attempt, run } from "../../../lib/subprocess.ts";
import { Diagnosis } from "../../../verification/diagnosis/diagnosis.ts";
import { label, removeExtraServices } from "../../../verification/experiments/support/extraService.ts";
import { Report } from "../../../verification/report.ts";
import { diagnoseOutput, environment, explainArguments, explainOutput, misspelled, startOutput } from "./outputs.ts";
import type { RecordedRun } from "./recordedRun.ts";

/** @throws if the lab can't be recorded; nothing is written then */
export async function recordRun(say: (line: string) => void): Promise<RecordedRun> {
	say("running npm start");
	const started = await run("npm", ["--silent", "start"], { show: true, env: environment });
	const report = Report.parse(JSON.parse(await readFile("out/verification.json", "utf8")));
	refuseReport(report);
	say("running npm run explain");
	const explained = await run("npm", ["--silent", "run", "explain", "--", ...explainArguments({ report })], {
		env: environment,
	});
	say(`diagnosing the Service ${misspelled.name}, whose selector is misspelled`);
	const { diagnosis, text } = await diagnoseMisspelled(report);
	const recorded = { report, diagnosis };
	checkPrinted("npm start", started, startOutput(recorded));
	checkPrinted("npm run explain", explained, explainOutput(recorded));
	checkPrinted("nodeport-lab diagnose", text, diagnoseOutput(recorded) ?? "");
	return recorded;
}

export function refuseReport({ ok, request, explained }: Report): void {
	if (!ok) throw new Error("the verification failed, so the run isn't recorded; fix: npm start");
	const full = "source .toolchain/env && pulumi config set connectivity full && npm start";
	if (request.connectivity !== "full")
		throw new Error(`connectivity is "${request.connectivity}"; the README shows "full"; fix: ${full}`);
	if (!explained) throw new Error("the verification explained no packet, so the run isn't recorded; fix: npm start");
}

export function checkPrinted(command: string, printed: string, rendered: string): void {
	if (printed.includes(rendered)) return;
	const missing = rendered.split("\n").find((line) => !printed.includes(line));
	const what = missing === undefined ? "its lines are printed in another order" : `not printed: ${missing}`;
	throw new Error(`${command} printed something else than is rendered from its data; ${what}`);
}

/** Creates the Service for that; a killed run's Service is removed by the next experiment or recording. */
async function diagnoseMisspelled({ request }: Report): Promise<{ diagnosis: Diagnosis; text: string }> {
	const cluster = new Cluster(request);
	await removeExtraServices(cluster);
	const { namespace } = request.service;
	const { name, selector } = misspelled;
	const body = {
		metadata: { name, labels: { [label]: "recorded" } },
		spec: { type: "NodePort", selector, ports: [{ port: 80 }] },
	};
	await withApiError(`Service ${namespace}/${name}`, cluster.core.createNamespacedService({ namespace, body }));
	try {
		const ask = async (...options: string[]): Promise<string> => {
			const words = ["cli/tool/nodeport-lab.mjs", "diagnose", `${namespace}/${name}`, ...options];
			// Exit code 1: it found a cause.
			const { exitCode, stdout, message } = await attempt("node", words, {
				env: { ...environment, KUBECONFIG: request.kubeconfig },
			});
			if (exitCode !== 1) throw new Error(message || `nodeport-lab diagnose found nothing wrong with ${name}`);
			return stdout;
		};
		return { diagnosis: Diagnosis.parse(JSON.parse(await ask("--json"))), text: await ask() };
	} finally {
		await removeExtraServices(cluster);
	}
}

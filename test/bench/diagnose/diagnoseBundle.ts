/**
 * How long `nodeport-lab diagnose --bundle` takes, and how much memory, for a cluster with 500 nodes and 10,000 Services:
 * `npm run bench:diagnose`, or `-- --nodes <n> --services <n>`. It writes a bundle to a temporary folder and prints the time
 * and the peak memory of the command as JSON.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { execa } from "execa";
import { parseArguments } from "../../../cli/arguments.ts";
import { writeBundle } from "../../../kubernetes/source/bundle/bundleFiles.ts";
import { bundleSchema, type Manifest } from "../../../kubernetes/source/bundle/bundleRecord.ts";
import { RecordingSource } from "../../../kubernetes/source/bundle/recordingSource.ts";
import { command } from "../../../lib/programs/command.ts";
import type { Diagnosis } from "../../../verification/diagnosis/diagnosis.ts";
import { readDiagnosis } from "../../../verification/diagnosis/readDiagnosis.ts";
import { drawFrom } from "../../kernel/generate/draw.ts";
import { manyServices } from "../../kernel/generate/services.ts";
import { log } from "../runner.ts";
import { LargeCluster } from "./largeCluster.ts";

const seed = 1;
const targets = { seconds: 60, megabytes: 2048 };
/** Printed by the measured program itself when it ends; resourceUsage() counts in KiB (getrusage, ru_maxrss). */
const printPeak =
	'data:text/javascript,process.on("exit",()=>{const{maxRSS,userCPUTime,systemCPUTime}=process.resourceUsage();process.stderr.write("peak "+maxRSS+" "+(userCPUTime+systemCPUTime)+"\\n")})';

const usage = "npm run bench:diagnose -- [--nodes <n>] [--services <n>]";

await command(async () => {
	const { values } = parseArguments(usage, {
		options: { nodes: { type: "string", default: "500" }, services: { type: "string", default: "10000" } },
	});
	const [nodes, count] = [Number(values.nodes), Number(values.services)];
	const folder = await mkdtemp(join(tmpdir(), "nodeport-lab-bench-"));
	try {
		const bundle = join(folder, "bundle");
		const name = await writeLargeBundle(bundle, nodes, count);
		log(`diagnosing ${name.namespace}/${name.name} of ${nodes} nodes and ${count} Services`);
		const measured = await diagnose(`${name.namespace}/${name.name}`, bundle);
		console.log(JSON.stringify({ nodes, services: count, ...measured, targets }, null, 1));
		return measured.seconds <= targets.seconds && measured.megabytes <= targets.megabytes ? 0 : 1;
	} finally {
		await rm(folder, { recursive: true });
	}
});

/** @returns the Service that it is sufficient for: the last one, which has a nodePort */
async function writeLargeBundle(path: string, nodes: number, count: number) {
	const services = manyServices(drawFrom(seed), count);
	const { namespace = "", name = "" } = services.at(-1) ?? {};
	const source = new RecordingSource(new LargeCluster(nodes, services));
	await readDiagnosis(source, { namespace, name });
	const manifest: Manifest = {
		schema: bundleSchema,
		collectedAt: new Date().toISOString(),
		tool: "bench",
		about: await source.about(),
		services: [{ namespace, name }],
		recorded: source.recorded,
	};
	await writeBundle(path, manifest, source.files);
	return { namespace, name };
}

async function diagnose(service: string, bundle: string) {
	const args = ["cli/tool/nodeport-lab.mjs", "diagnose", service, "--bundle", bundle, "--json"];
	const started = performance.now();
	const { stdout, stderr, exitCode } = await execa("node", ["--import", printPeak, ...args], { reject: false });
	const seconds = (performance.now() - started) / 1000;
	const [, peak, cpuMicroseconds] = stderr.match(/^peak (\d+) (\d+)$/m) ?? [];
	if (peak === undefined || exitCode === 2) throw new Error(`diagnose ended with ${exitCode}: ${stderr.slice(0, 500)}`);
	const { verdict, predictions, nodes } = JSON.parse(stdout) as Diagnosis;
	return {
		seconds: Math.round(seconds * 10) / 10,
		/** The time of an idle machine is near this one. */
		cpuSeconds: Math.round(Number(cpuMicroseconds) / 1e5) / 10,
		megabytes: Math.round(Number(peak) / 1024),
		verdict,
		predictions: predictions.length,
		nodesWithRules: nodes.withRules.length,
	};
}

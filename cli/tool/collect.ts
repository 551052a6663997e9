/** nodeport-lab collect: saves what a diagnosis reads, so that it can be made on another machine. */
import type { Command } from "commander";
import { refuseFilled, writeBundle } from "../../kubernetes/source/bundle/bundleFiles.ts";
import { bundleSchema } from "../../kubernetes/source/bundle/bundleRecord.ts";
import { RecordingSource } from "../../kubernetes/source/bundle/recordingSource.ts";
import type { ClusterSource } from "../../kubernetes/source/clusterSource.ts";
import { NoService } from "../../kubernetes/source/serviceReading.ts";
import { clusterLine } from "../../report/diagnosis/diagnosisText.ts";
import { gapTexts } from "../../report/diagnosis/gapText.ts";
import { type DiagnosisInput, diagnose } from "../../verification/diagnosis/diagnosis.ts";
import { parseServiceName, readDiagnosis, type ServiceName } from "../../verification/diagnosis/readDiagnosis.ts";
import { settled } from "../../verification/diagnosis/settledReading.ts";
import { type ClusterOptions, liveSource, withClusterOptions } from "./clusterOptions.ts";
import { exitCodes } from "./output.ts";

interface Options extends ClusterOptions {
	namespace?: string;
	output?: string;
}

const contents = `
A bundle has plain files: the objects as JSON with only the fields that a diagnosis uses (no Secrets, environment or
arguments), the rules of each node as its own tools print them, the end of kube-proxy's log, and a manifest with versions.
It contains names, labels and addresses of the cluster: review it before you share it.`;

export const addCollect = (program: Command, version: string): Command =>
	withClusterOptions(
		program
			.command("collect")
			.description("save what a diagnosis reads, for diagnose --bundle on another machine")
			.argument("[service]", "<namespace>/<service>, such as shop/frontend"),
	)
		.option("-n, --namespace <name>", "all Services of the namespace instead of one")
		.option("-o, --output <path>", "a new folder, or a file that ends in .tar.gz (default: nodeport-lab-<name>.tar.gz)")
		.addHelpText("after", contents)
		.action(async (service: string | undefined, options: Options) => {
			process.exitCode = await collect(service, options, version);
		});

async function collect(service: string | undefined, options: Options, version: string): Promise<number> {
	if ((service === undefined) === (options.namespace === undefined)) {
		throw new Error("give either <namespace>/<service> or --namespace <name>");
	}
	const wanted = service === undefined ? undefined : parseServiceName(service);
	// Reading a large cluster takes long.
	if (options.output !== undefined) await refuseFilled(options.output);
	const source = new RecordingSource(liveSource(options));
	console.log(clusterLine(await source.about()));
	const names = wanted ? [wanted] : await servicesOf(source, options.namespace ?? "");
	const { gaps, read } = await readAll(source, names);
	const [first] = read;
	if (!first) throw new Error(`namespace ${options.namespace} has no Service that can be collected`);
	const base = wanted ? `${first.namespace}-${first.name}` : first.namespace;
	const { output = `nodeport-lab-${base}.tar.gz` } = options;
	const manifest = {
		schema: bundleSchema,
		collectedAt: new Date().toISOString(),
		tool: version,
		about: await source.about(),
		services: read,
		recorded: source.recorded,
	} as const;
	await writeBundle(output, manifest, source.files);
	for (const text of gapTexts(gaps)) console.log(`missing: ${text}`);
	console.log(
		`wrote ${output}: ${source.files.length} files; next: nodeport-lab diagnose ${first.namespace}/${first.name} --bundle ${output}`,
	);
	return exitCodes.nothingFound;
}

async function servicesOf(source: ClusterSource, namespace: string): Promise<ServiceName[]> {
	const answer = await source.list({ kind: "services", namespace });
	if ("refused" in answer) throw new Error(`Services of ${namespace} can't be read: ${answer.refused.message}`);
	return answer.value.map(({ metadata }) => ({ namespace, name: metadata.name }));
}

/** Reads each Service as a diagnosis does; what they share is read once. */
async function readAll(source: ClusterSource, names: readonly ServiceName[]) {
	const skipped = new Set<string>();
	const inputs = await settled(source, async () => {
		const read: (DiagnosisInput & { name: ServiceName })[] = [];
		for (const name of names) {
			try {
				read.push({ ...(await readDiagnosis(source, name)), name });
			} catch (error) {
				// In a namespace, a Service that nothing serves, such as one of type ExternalName, isn't collected.
				if (!(error instanceof NoService) || names.length === 1) throw error;
				skipped.add(error.message);
			}
		}
		return read;
	});
	for (const message of skipped) console.log(`skipped: ${message}`);
	const gaps = new Map(
		inputs.flatMap((input) => diagnose(input).gaps.map((gap) => [JSON.stringify(gap), gap] as const)),
	);
	const read = inputs.map(({ name, isChanging }) => ({ ...name, ...(isChanging && { changing: true as const }) }));
	return { gaps: [...gaps.values()], read };
}

/** nodeport-lab diagnose <namespace>/<service>: what is wrong with a Service, and who reaches it. */
import { type Command, Option } from "commander";
import { writeAtomically } from "../../lib/atomicFile.ts";
import { diagnosisMarkdown } from "../../report/diagnosis/diagnosisMarkdown.ts";
import { diagnosisPage } from "../../report/diagnosis/diagnosisPage.ts";
import { diagnosisText } from "../../report/diagnosis/diagnosisText.ts";
import { type Diagnosis, diagnose } from "../../verification/diagnosis/diagnosis.ts";
import { parseServiceName } from "../../verification/diagnosis/readDiagnosis.ts";
import { readSettled } from "../../verification/diagnosis/settledReading.ts";
import { refuseInside, refuseNoAddress } from "./clientOption.ts";
import { accessOf, type SourceOptions, sourceOf, withSourceOptions } from "./clusterOptions.ts";
import { exitCodes, screen } from "./output.ts";
import { probeAll } from "./probing.ts";

interface Options extends SourceOptions {
	client?: string;
	probe?: boolean;
	from?: string[];
	json?: boolean;
	markdown?: boolean;
	html?: string;
}

export const addDiagnose = (program: Command): Command =>
	withSourceOptions(
		program
			.command("diagnose")
			.description("find out why a Service doesn't answer: reads the cluster, creates and changes nothing")
			.argument("<service>", "<namespace>/<service>, such as shop/frontend"),
	)
		.option("--client <address>", "the address of a client outside the cluster (default: an example)")
		.option(
			"--probe",
			"also send requests from this machine to every node's nodePort (TCP, UDP), and check that a pod listens",
		)
		.option("--from <pod...>", "with --probe: also from pod/<name> or pod/<namespace>/<name>, by exec")
		.option("--json", "print the diagnosis as JSON (docs/diagnosis.schema.json)")
		.addOption(new Option("--markdown", "print the diagnosis as Markdown, for an issue").conflicts("json"))
		.option("--html <file>", "also write the diagnosis as an HTML page")
		.addHelpText(
			"after",
			`\nExit code: 0 no cause or possible cause, 1 at least one, 2 the check couldn't run.\nRights: docs/diagnose-rbac.yaml`,
		)
		.action(async (service: string, options: Options) => {
			const name = parseServiceName(service);
			if (options.client !== undefined) refuseNoAddress(options.client);
			const isProbing = options.probe === true;
			if (!isProbing && options.from) throw new Error("--from needs --probe");
			if (isProbing && options.bundle !== undefined) throw new Error("--probe needs a cluster: leave out --bundle");
			const source = await sourceOf(options);
			const input = { ...(await readSettled(source, name)), outsideIp: options.client };
			if (options.client !== undefined) refuseInside(options.client, input);
			const probed = isProbing ? await probeAll(source, input, options.from ?? []) : undefined;
			const diagnosis = diagnose({ ...input, probed });
			if (options.html !== undefined) await writeAtomically(options.html, await diagnosisPage(diagnosis));
			console.log(render(diagnosis, options));
			// The other outputs are data.
			if (options.html !== undefined) console.error(`wrote ${options.html}`);
			process.exitCode = exitCodeOf[diagnosis.verdict];
		});

const exitCodeOf: Record<Diagnosis["verdict"], number> = {
	broken: exitCodes.found,
	suspect: exitCodes.found,
	healthy: exitCodes.nothingFound,
	unchecked: exitCodes.failed,
};

function render(diagnosis: Diagnosis, { json, markdown, ...options }: Options): string {
	if (json) return JSON.stringify(diagnosis, null, 2);
	return markdown ? diagnosisMarkdown(diagnosis) : diagnosisText(diagnosis, accessOf(options), screen());
}

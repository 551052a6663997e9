/** The parts of the README that quote the recorded run. They stand between markers, and `npm run docs` rewrites them. */
import { shellText } from "../../../lib/shell.ts";
import { lesson } from "../../../report/html/takeaway.ts";
import { diagnoseOutput, explainArguments, explainOutput, misspelled } from "./outputs.ts";
import { pathTable } from "./pathTable.ts";
import type { RecordedRun } from "./recordedRun.ts";

/** undefined: not recorded yet, so that the document keeps what it quotes. */
export type Excerpts = Record<string, string | undefined>;

export function excerptsOf(run: RecordedRun): Excerpts {
	const { namespace } = run.report.service;
	const diagnosis = diagnoseOutput(run);
	return {
		lesson: lesson(run.report).join("\n"),
		path: pathTable(run),
		explain: block(shellText("npm", "run", "explain", "--", ...explainArguments(run)), explainOutput(run)),
		diagnose: diagnosis && block(`nodeport-lab diagnose ${namespace}/${misspelled.name}`, beginning(diagnosis)),
	};
}

const block = (command: string, text: string): string => ["```", `$ ${command}`, text, "```"].join("\n");

/** Up to the predictions. */
const beginning = (diagnosis: string): string => diagnosis.split("\n\nPredicted")[0] ?? "";

const marked = /<!-- recorded: (\S+) -->\n[\s\S]*?<!-- recorded end -->/g;

/** @throws if a marker has another name, or no end */
export function fillIn(document: string, excerpts: Excerpts): string {
	const begun = document.match(/<!-- recorded: /g)?.length ?? 0;
	if (begun !== (document.match(marked)?.length ?? 0)) throw new Error("a marker has no <!-- recorded end -->");
	return document.replace(marked, (whole, name: string) => {
		if (!Object.hasOwn(excerpts, name)) {
			throw new Error(`"${name}" isn't recorded; it must be one of ${Object.keys(excerpts).join(", ")}`);
		}
		const text = excerpts[name];
		return text === undefined ? whole : `<!-- recorded: ${name} -->\n${text}\n<!-- recorded end -->`;
	});
}

/** A diagnosis as Markdown, for an issue. */
import { shellText } from "../../lib/shell.ts";
import type { Diagnosis } from "../../verification/diagnosis/diagnosis.ts";
import type { WeighedFinding } from "../../verification/diagnosis/diagnosisFinding.ts";
import { clusterLine, measurementText, verdictText, weightPrefix } from "./diagnosisText.ts";
import { findingWords } from "./findings/diagnosisFindingText.ts";
import { gapTexts } from "./gapText.ts";
import { predictionRows } from "./predictionTable.ts";

export function diagnosisMarkdown(diagnosis: Diagnosis): string {
	const rows = predictionRows(diagnosis.predictions);
	const gaps = gapTexts(diagnosis.gaps);
	return [
		`## ${escaped(verdictText(diagnosis))}`,
		"",
		escaped(clusterLine(diagnosis.cluster)),
		...diagnosis.findings.flatMap((finding, i) => ["", ...findingLines(finding, i + 1)]),
		...(rows.length > 0
			? [
					"",
					"### Predicted from the rules of the nodes",
					"",
					"| client | target | result |",
					"|---|---|---|",
					...rows.map(({ client, target, result }) => `| ${[client, target, result].map(escaped).join(" | ")} |`),
				]
			: []),
		...(diagnosis.measurements ? ["", `Measured: ${measurementText(diagnosis.measurements)}`] : []),
		...(gaps.length > 0 ? ["", "### Not checked", "", ...gaps.map((text) => `- ${escaped(text)}`)] : []),
		"",
	].join("\n");
}

function findingLines({ weight, finding, fix, inspect }: WeighedFinding, number: number): string[] {
	const { title, evidence, advice } = findingWords(finding);
	const code = (purpose: string, command: readonly string[] | undefined) =>
		command ? ["", `   ${purpose}:`, "   ```sh", `   ${shellText(...command)}`, "   ```"] : [];
	return [
		`${number}. **${escaped(`${weightPrefix(weight)}${title}`)}**`,
		...evidence.map((line) => `   - ${escaped(line)}`),
		...(advice === undefined ? [] : [`   - fix: ${escaped(advice)}`]),
		...code("fix", fix),
		...code("inspect", inspect),
	];
}

/** Rules and messages contain characters that Markdown would interpret. */
const escaped = (text: string): string => text.replace(/[\\`*_{}[\]<>|#]/g, "\\$&");

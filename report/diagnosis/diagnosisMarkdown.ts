/** A diagnosis as Markdown, for an issue. */
import { shellText } from "../../lib/shell.ts";
import type { Diagnosis } from "../../verification/diagnosis/diagnosis.ts";
import type { WeighedFinding } from "../../verification/diagnosis/diagnosisFinding.ts";
import { plain } from "../markdownText.ts";
import { clusterLine, measurementText, verdictText, weightPrefix } from "./diagnosisText.ts";
import { findingWords } from "./findings/diagnosisFindingText.ts";
import { gapTexts } from "./gapText.ts";
import { predictionRows } from "./predictionTable.ts";

export function diagnosisMarkdown(diagnosis: Diagnosis): string {
	const rows = predictionRows(diagnosis.predictions);
	const gaps = gapTexts(diagnosis.gaps);
	return [
		`## ${plain(verdictText(diagnosis))}`,
		"",
		plain(clusterLine(diagnosis.cluster)),
		...diagnosis.findings.flatMap((finding, i) => ["", ...findingLines(finding, i + 1)]),
		...(rows.length > 0
			? [
					"",
					"### Predicted from the rules of the nodes",
					"",
					"| client | target | result |",
					"|---|---|---|",
					...rows.map(({ client, target, result }) => `| ${[client, target, result].map(plain).join(" | ")} |`),
				]
			: []),
		...(diagnosis.measurements ? ["", `Measured: ${measurementText(diagnosis.measurements)}`] : []),
		...(gaps.length > 0 ? ["", "### Not checked", "", ...gaps.map((text) => `- ${plain(text)}`)] : []),
		"",
	].join("\n");
}

function findingLines({ weight, finding, fix, inspect }: WeighedFinding, number: number): string[] {
	const { title, evidence, advice } = findingWords(finding);
	const code = (purpose: string, command: readonly string[] | undefined) =>
		command ? ["", `   ${purpose}:`, "   ```sh", `   ${shellText(...command)}`, "   ```"] : [];
	return [
		`${number}. **${plain(`${weightPrefix(weight)}${title}`)}**`,
		...evidence.map((line) => `   - ${plain(line)}`),
		...(advice === undefined ? [] : [`   - fix: ${plain(advice)}`]),
		...code("fix", fix),
		...code("inspect", inspect),
	];
}

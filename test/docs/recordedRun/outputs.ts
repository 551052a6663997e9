/** What the commands print for the recorded run, as the README quotes it. */
import { diagnosisText } from "../../../report/diagnosis/diagnosisText.ts";
import { stepsText } from "../../../report/path/stepsText.ts";
import { terminalReport } from "../../../report/terminal.ts";
import type { RecordedRun } from "./recordedRun.ts";

/** Characters per line. */
export const width = 100;

/** The environment of the commands that are recorded. */
export const environment = { COLUMNS: String(width), NO_COLOR: "1" };

export const misspelled = { name: "frontend", selector: { app: "ap1" } };

const explainedRequest = ({ report: { explained } }: RecordedRun) => {
	if (!explained) throw new Error("the recorded run explains no packet");
	return explained;
};

export const explainArguments = (run: RecordedRun): string[] => {
	const { client, node } = explainedRequest(run);
	return ["--from", client, "--to", node];
};

/** The end of `npm start`. */
export const startOutput = ({ report }: RecordedRun, color = false): string => terminalReport(report, { color, width });

/** The steps of `npm run explain`. */
export const explainOutput = (run: RecordedRun): string =>
	stepsText(explainedRequest(run), { rules: false, width, more: ["--verbose"] });

/** undefined: it isn't recorded yet. */
export const diagnoseOutput = ({ diagnosis }: RecordedRun): string | undefined =>
	diagnosis && diagnosisText(diagnosis, {}, { color: false, width });

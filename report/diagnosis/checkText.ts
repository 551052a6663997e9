/** A failed check of a NodePort in words: the requests that failed, then the findings that explain them. */
import type { CommandAccess } from "../../kubernetes/source/commandAccess.ts";
import { accessCommand } from "../../kubernetes/source/commandAccess.ts";
import { shellText } from "../../lib/shell.ts";
import type { CheckedRequest, CheckFinding, CheckRequest } from "../../verification/check/checkRequest.ts";
import type { Checked } from "../../verification/check/checkService.ts";
import type { Diagnosis } from "../../verification/diagnosis/diagnosis.ts";
import { findingLines } from "./diagnosisText.ts";
import { findingWords } from "./findings/diagnosisFindingText.ts";
import { gapTexts } from "./gapText.ts";

const width = 100;

/** More would hide the findings. */
const mostRequests = 5;

export function checkFailureText({ requests, diagnosis }: Omit<Checked, "ok">, request: CheckRequest): string {
	const { service, waitSeconds } = request;
	const failed = requests.filter(({ ok }) => !ok);
	const more = failed.length - mostRequests;
	const gaps = gapTexts(diagnosis.gaps);
	const result =
		requests.length === 0
			? "nothing could be checked"
			: `${failed.length} of ${requests.length} requests failed for ${waitSeconds} s`;
	return [
		`NodePort ${service.namespace}/${service.name} doesn't answer as expected: ${result}.`,
		...failed.slice(0, mostRequests).map((one) => `  ${requestText(one, request)}`),
		...(more > 0 ? [`  and ${more} more`] : []),
		...diagnosis.findings.flatMap((finding, i) => findingLines(finding, i + 1, request, width)),
		...(diagnosis.findings.length === 0 ? ["No cause was found."] : []),
		...(gaps.length > 0 ? ["Not checked:", ...gaps.map((text) => `- ${text}`)] : []),
	].join("\n");
}

function requestText(one: CheckedRequest, { status: wanted }: CheckRequest): string {
	const { client, address, node, how, observed, status, detail } = one;
	const where = node === undefined ? address : `${address} (${node})`;
	const seen = status !== undefined ? `status ${status}` : observed;
	const rules = "the rules of the nodes";
	const prediction = observed === "unknown" ? `can't be predicted from ${rules}` : `${seen}, predicted from ${rules}`;
	const result = how === "predicted" ? prediction : seen;
	const expected = how === "measured" && wanted !== undefined && client === "this machine" ? `status ${wanted}` : "ok";
	return `${client} -> ${where}: ${result}${detail === undefined ? "" : ` (${detail})`}; expected ${expected}`;
}

/** The findings in words, for a stack's outputs. */
export const checkFindings = ({ findings }: Diagnosis, access: CommandAccess): CheckFinding[] =>
	findings.map(({ weight, finding, fix }) => {
		const { title, evidence, advice } = findingWords(finding);
		const remedy = fix ? shellText(...accessCommand(access, fix)) : advice;
		return { weight, kind: finding.kind, title, evidence, ...(remedy !== undefined && { fix: remedy }) };
	});

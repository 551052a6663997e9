/** The progress of a verification as lines for stderr. */
import { sampleText } from "../kubernetes/existing/nodeSample.ts";
import type { Progress } from "../verification/progress.ts";
import { nodeProblemText } from "./findingText.ts";

/** Whether it happens in every verification. */
export const isRoutine = ({ kind }: Progress): boolean => kind === "probing" || kind === "tracing";

export function progressText(progress: Progress): string {
	switch (progress.kind) {
		case "waitingForApi":
			return `waiting: ${progress.reasons.join("; ")}`;
		case "waitingForRules": {
			const { seconds, finding } = progress;
			return `waiting up to ${seconds} s for kube-proxy: ${finding.node}: ${nodeProblemText(finding)}`;
		}
		case "probing": {
			const { sample, nodes } = progress;
			return `reading the rules of ${sample ? sampleText(sample) : `${nodes} nodes`}, sending requests`;
		}
		case "tracing":
			return "tracing a packet on every node";
		case "repeating":
			return `the cluster is still starting, trying again: ${progress.findings} findings so far`;
		case "apiUnreachable":
			return `the API can't be read again: ${progress.message}`;
		case "unreadableRules":
			return `the rules of ${progress.finding.node} can't be read: ${nodeProblemText(progress.finding)}`;
		case "collectingEvidence":
			return `collecting evidence, for at most ${progress.seconds} s`;
		case "evidence": {
			const { files, seconds, missing } = progress;
			return `evidence: ${files} files in ${seconds.toFixed(1)} s, ${missing} missing`;
		}
		case "oldEvidenceRemains":
			return `older evidence wasn't removed: ${progress.message}`;
		case "noEvidence":
			return `no evidence was collected: ${progress.message}`;
	}
}

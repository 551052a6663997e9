/** What a verification is doing, as data. report/progressText.ts makes the lines. */
import type { Sample } from "../kubernetes/existing/nodeSample.ts";
import type { NodeFinding } from "./findings.ts";

export type Progress =
	| { kind: "waitingForApi"; reasons: string[] }
	| { kind: "waitingForRules"; seconds: number; finding: NodeFinding }
	| { kind: "probing"; nodes: number; sample?: Sample }
	| { kind: "tracing" }
	| { kind: "repeating"; findings: number }
	| { kind: "apiUnreachable"; message: string }
	| { kind: "unreadableRules"; finding: NodeFinding }
	| { kind: "collectingEvidence"; seconds: number }
	| { kind: "evidence"; files: number; seconds: number; missing: number }
	| { kind: "oldEvidenceRemains"; message: string }
	| { kind: "noEvidence"; message: string };

/** Receives progress as it happens. */
export type Say = (progress: Progress) => void;

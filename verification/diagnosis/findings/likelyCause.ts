/** What a measured failure fits: it comes before the measurement, which only shows that there is a cause. */
import type { WeighedFinding } from "../diagnosisFinding.ts";

/**
 * A pod without a process on the port refuses requests. Its containers may listen on ports that they don't declare, so a number
 * stays suspect, but it is the first thing to check.
 * @param findings in their order
 */
export function likelyCausesFirst(findings: readonly WeighedFinding[]): WeighedFinding[] {
	const refused = findings.map(refusedPorts);
	const first = refused.findIndex((ports) => ports.length > 0);
	if (first < 0) return [...findings];
	const ports = new Set<number | string>(refused.flat());
	const later = findings.slice(first);
	const likely = later.filter(({ finding }) => finding.kind === "targetPort" && ports.has(finding.targetPort));
	return [...findings.slice(0, first), ...likely, ...later.filter((one) => !likely.includes(one))];
}

/** The pods' ports that the rules deliver refused requests to. */
function refusedPorts({ finding }: WeighedFinding): number[] {
	if (finding.kind !== "probe" || finding.observed !== "refused") return [];
	return finding.predicted.flatMap((end) => (end.kind === "pod" ? end.port : []));
}

/** The parts that all findings in words share. */
import type { PortReference } from "../../../verification/diagnosis/diagnosisFinding.ts";

export interface FindingWords {
	/** One sentence without a full stop. */
	title: string;
	evidence: string[];
	/** What to do, where a command alone doesn't say it. */
	advice?: string;
}

/** "port http (80/tcp)", "port 80/tcp" */
export const portText = ({ name, port, protocol }: PortReference): string =>
	name === undefined ? `port ${port}/${protocol}` : `port ${name} (${port}/${protocol})`;

/** How many nodes are named. */
const mostNamed = 5;

/** "worker-1, worker-2", "worker-1 and 48 other nodes" */
export function nodeNames(nodes: readonly string[]): string {
	if (nodes.length <= mostNamed) return nodes.join(", ");
	return `${nodes.slice(0, mostNamed - 1).join(", ")} and ${nodes.length - mostNamed + 1} other nodes`;
}

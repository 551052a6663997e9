/** The kernel's traces as text. */

import type { Report } from "../verification/report.ts";
import type { NodeTrace, TraceStep } from "../verification/trace/model.ts";

/** What is traced, and so why other nodes than those of one path are among them. */
export const tracesTitle = ({ clients }: Pick<Report, "clients">): string =>
	`What the kernels traced: a packet from ${clients[0]?.name ?? "nobody"} to each node's nodePort, on that node`;

/** One line for a node. */
export function traceLine(trace: NodeTrace): string {
	switch (trace.result) {
		case "agrees":
			return `${trace.node}: the kernel's trace of ${trace.steps.length} rules equals the walk`;
		case "differs":
			return `${trace.node}: ${differenceOf(trace)}`;
		case "untraced":
			return `${trace.node}: not traced: ${trace.reason}`;
		case "failed":
			return `${trace.node}: the trace failed: ${trace.reason}`;
	}
}

/** The same, and a numbered line for each rule. */
export const traceText = (trace: NodeTrace): string =>
	[traceLine(trace), ...("steps" in trace ? trace.steps.map((step, i) => `  ${i + 1}. ${stepLine(step)}`) : [])].join(
		"\n",
	);

/** One line for a trace that failed or is not as walked, with the command that shows both; undefined: nothing is wrong. */
export function traceFailure(trace: NodeTrace, client: string): string | undefined {
	if (trace.result === "agrees" || trace.result === "untraced") return undefined;
	return `${traceLine(trace)}; repeat: npm run explain -- --from ${client} --to ${trace.node} --trace`;
}

function differenceOf({ difference: { agreed, kernel, walk } }: Extract<NodeTrace, { result: "differs" }>): string {
	const both = agreed === 1 ? "1 rule" : `${agreed} rules`;
	return `kernel and walk part after ${both}: the kernel says "${kernel}", the walk says "${walk}"`;
}

/** "nat KUBE-MARK-MASQ: -A KUBE-MARK-MASQ -j MARK … (continue)" */
function stepLine({ table, chain, kind, rule = kind, verdict, to }: TraceStep): string {
	return `${table} ${chain}: ${rule} (${to === undefined ? verdict : `${verdict} ${to}`})`;
}

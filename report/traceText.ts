/** Kernel traces as text. */
import { formatMark } from "../netfilter/words.ts";
import type { ReadProblem } from "../verification/nodeProblem.ts";
import type { Report } from "../verification/report.ts";
import type { NodeTrace, TraceDifference, TraceFailure, TracePoint, TraceStep } from "../verification/trace/model.ts";
import { viewLabel } from "./views/reportViews.ts";

/** Each node traces the packet to its own nodePort, so the list has more nodes than one packet passes. */
export const tracesTitle = ({ clients }: Pick<Report, "clients">): string =>
	`Kernel traces: a packet from ${clients[0]?.name ?? "no client"} to each node's nodePort, traced on that node`;

type Traced = NodeTrace | Omit<Extract<NodeTrace, { result: "differs" }>, "steps">;

/** The trace's result. */
export function traceLine(trace: Traced): string {
	switch (trace.result) {
		case "agrees":
			return `the kernel's trace of ${trace.steps.length} rules equals the path predicted from the rules`;
		case "differs":
			return differenceText(trace.difference);
		case "untraced":
			return `not traced: ${untracedReason(trace)}`;
		case "failed":
			return `the trace failed: ${failureText(trace.failure)}`;
	}
}

/** The node, and the trace's result. @param view the label of its view, if there are several */
export const nodeTraceLine = (trace: NodeTrace, view = ""): string => `${trace.node}${view}: ${traceLine(trace)}`;

/** One line for each trace. They name their view if there are several. */
export const traceLines = (report: Report): string[] => textsOf(report, nodeTraceLine);

/** As `traceLines`, each with a numbered line for each rule. */
export const traceTexts = (report: Report): string[] => textsOf(report, traceText);

function textsOf(report: Report, textOf: (trace: NodeTrace, view: string) => string): string[] {
	const label = viewLabel(report);
	return (report.traces ?? []).map((trace) => textOf(trace, label(trace)));
}

/** As `nodeTraceLine`, and a numbered line for each rule. */
export const traceText = (trace: NodeTrace, view = ""): string =>
	[
		nodeTraceLine(trace, view),
		...("steps" in trace ? trace.steps.map((step, i) => `  ${i + 1}. ${stepText(step)}`) : []),
	].join("\n");

/** Why the node can't be traced. */
export function untracedReason({ reason }: Extract<NodeTrace, { result: "untraced" }>): string {
	switch (reason) {
		case "notReady":
			return "the node isn't Ready";
		case "noTracer":
			return 'no node-probe pod runs on it; connectivity "full" creates one';
		case "legacyIptables":
			return "legacy iptables writes its traces to the kernel's log, which no pod can read";
	}
}

function failureText(failure: TraceFailure): string {
	switch (failure.kind) {
		case "unseen":
			return "the kernel didn't see the packet, which may have taken another branch";
		case "ambiguous":
			return "the kernel saw several packets that match";
		case "notOnJourney":
			return `no packet from ${failure.client} to ${failure.address} passes the node`;
		case "unreadableRules":
			return readText(failure.problem);
		case "late":
			return `no trace began within ${failure.seconds} s: ${failure.output}`;
		case "nftRefused":
			return `nft refused the trace: ${failure.message}`;
		case "tracerEnded":
			return `the tracer ended at once: ${failure.message}`;
		case "monitorEnded":
			return `the monitor ended early: ${failure.message}`;
		case "error":
			return failure.message;
	}
}

function differenceText({ agreed, kernel, predicted }: TraceDifference): string {
	const rules = agreed === 1 ? "1 rule" : `${agreed} rules`;
	return `the kernel and the predicted path differ after ${rules}: kernel "${pointText(kernel)}", predicted "${pointText(predicted)}"`;
}

/** One side of a difference. */
export function pointText(point: TracePoint): string {
	switch (point.kind) {
		case "source":
			return `the packet comes from ${point.address}`;
		case "destination":
			return `the packet goes to ${point.address}`;
		case "mark":
			return `the packet's mark is ${formatMark(point.mark)}`;
		case "end":
			return "no further rule acts on the packet";
		case "rule":
			return stepText({ ...point, rule: point.rule ?? `rule ${point.handle}, which is new` });
	}
}

/** "nat KUBE-MARK-MASQ: -A KUBE-MARK-MASQ -j MARK … (continue)" */
const stepText = ({
	table,
	chain,
	kind,
	rule = kind,
	verdict,
	to,
}: Omit<TraceStep, "kind"> & { kind: string }): string =>
	`${table} ${chain}: ${rule} (${to === undefined ? verdict : `${verdict} ${to}`})`;

/** Why the node's rules can't be read. */
export function readText(problem: ReadProblem): string {
	switch (problem.kind) {
		case "noReader":
			return "its rules can't be read, because no kube-proxy pod runs on it";
		case "failed":
			return problem.message;
		case "incomplete": {
			const { program, reason, characters, tail } = problem;
			const got = `got ${characters} characters that end with ${JSON.stringify(tail)}`;
			return `the output of ${program.join(" ")} is truncated or isn't a rule dump: ${reason}; ${got}`;
		}
		case "missingChain":
			return `table ${problem.table} has no chain ${problem.chain}, which kube-proxy creates there`;
		case "noProxyRules":
			return "no rules of kube-proxy found, neither the iptables chain KUBE-SERVICES nor the nftables table kube-proxy";
		case "otherProxyMode": {
			const { mode, chain } = problem;
			const where = mode === "ipvs" ? "in the kernel's IPVS table" : "in its own process";
			return `kube-proxy runs in ${mode} mode (chain ${chain}): it keeps Services ${where}, so its rules don't explain them`;
		}
	}
}

/** What Services cost a node in each proxy mode, as text, and which mode to choose. */
import { wrappedTable } from "../../lib/table.ts";
import type { Cost, MeasuredSubject, MeasuredValue, Measurement } from "../../verification/experiments/model.ts";
import { fill } from "../screen/fill.ts";

type Of<Kind> = Extract<MeasuredValue, { kind: Kind }>;
type CostSubject = Extract<MeasuredSubject, { kind: "modeCost" }>;

/** "1 Service", "5,000 Services" */
export const servicesText = (count: number): string =>
	`${count.toLocaleString("en")} ${count === 1 ? "Service" : "Services"}`;

const names: Record<Cost, string> = {
	connection: "a new connection to the nodePort",
	change: "kube-proxy's update after one endpoint has changed",
	start: "kube-proxy's first update after a start",
	memory: "kube-proxy's memory",
};

export const costText = ({ cost, services }: CostSubject): string => `${names[cost]} with ${servicesText(services)}`;

export const programmedText = ({ services, passed }: Of<"programmed">): string =>
	`${servicesText(services)} programmed; a packet for a nodePort is compared with ${passed.toLocaleString("en")} of their rules`;

export const costExpectation = ({ proxyMode }: Of<"cheaper">): string =>
	proxyMode === undefined ? "not predicted" : `less in ${proxyMode} mode`;

export function costsText({ iptables, nftables, growth }: Of<"costs">): string {
	const ratio = `nftables costs ${timesOf(nftables / iptables)} what iptables costs`;
	if (!growth) return ratio;
	const grown = `${timesOf(growth.iptables)} in iptables mode, ${timesOf(growth.nftables)} in nftables mode`;
	return `${ratio}; compared to ${servicesText(growth.services)}: ${grown}`;
}

/** "× 1.05" */
export const timesOf = (ratio: number): string => `× ${ratio.toFixed(2)}`;

interface CostRow {
	subject: CostSubject;
	costs: Of<"costs">;
}

const costRows = (measurements: readonly Measurement[]): CostRow[] =>
	measurements.flatMap(({ subject, measured }) =>
		subject.kind === "modeCost" && measured.kind === "costs" ? [{ subject, costs: measured }] : [],
	);

export const hasCosts = (measurements: readonly Measurement[]): boolean => costRows(measurements).length > 0;

const short: Record<Cost, string> = {
	connection: "new connection",
	change: "update of a change",
	start: "first update",
	memory: "memory",
};

/** A table of all ratios, and the advice. */
export function modeSummary(measurements: readonly Measurement[], width: number): string[] {
	const rows = costRows(measurements);
	const few = Math.min(...rows.map(({ subject }) => subject.services));
	const head = ["COST", "SERVICES", "NFTABLES / IPTABLES", `IPTABLES / ITS ${few}`, `NFTABLES / ITS ${few}`];
	const text = wrappedTable(
		[
			head,
			...rows.map(({ subject, costs: { iptables, nftables, growth } }) => [
				short[subject.cost],
				subject.services.toLocaleString("en"),
				...[nftables / iptables, growth?.iptables ?? 1, growth?.nftables ?? 1].map((ratio) => ratio.toFixed(2)),
			]),
		],
		width - 2,
		2,
	);
	return [...text.split("\n").map((line) => `  ${line}`.trimEnd()), ...fill(adviceText(measurements), width, "  ")];
}

/** A ratio above this isn't a reason to choose the other mode: other load on the machine changes it as much. */
const clearlyFaster = 0.9;

/** Which mode to choose, by the largest number of Services. */
export function adviceText(measurements: readonly Measurement[]): string {
	const rows = costRows(measurements);
	const most = Math.max(...rows.map(({ subject }) => subject.services));
	const ratio = (cost: Cost): number => {
		const costs = rows.find(({ subject }) => subject.cost === cost && subject.services === most)?.costs;
		return costs ? costs.nftables / costs.iptables : Number.NaN;
	};
	const [connection, change] = [ratio("connection"), ratio("change")];
	const measured = `with ${servicesText(most)}, a new connection takes ${timesOf(connection)} the time of iptables mode, and kube-proxy's update after a change ${timesOf(change)}`;
	const why =
		"In iptables mode every new connection passes the rules of all Services; in nftables mode it is one look-up";
	const needs = "nftables mode needs Linux 5.13 and a network plugin that supports it";
	if (connection < clearlyFaster) return `Advice: choose nftables mode: ${measured}. ${why}. ${needs}.`;
	return `Advice: so few Services don't decide between the modes: ${measured}. Choose nftables mode before there are thousands. ${why}. ${needs}.`;
}

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

/** A table of all ratios, and the advice. */
export function modeSummary(measurements: readonly Measurement[], width: number): string[] {
	const rows = costRows(measurements);
	const few = Math.min(...rows.map(({ subject }) => subject.services));
	const head = ["COST", "SERVICES", "NFTABLES / IPTABLES", `IPTABLES / ITS ${few}`, `NFTABLES / ITS ${few}`];
	const text = wrappedTable(
		[
			head,
			...rows.map(({ subject, costs: { iptables, nftables, growth } }) => [
				names[subject.cost],
				subject.services.toLocaleString("en"),
				...[nftables / iptables, growth?.iptables ?? 1, growth?.nftables ?? 1].map((ratio) => ratio.toFixed(2)),
			]),
		],
		width - 2,
		2,
	);
	return [...text.split("\n").map((line) => `  ${line}`.trimEnd()), ...fill(adviceText(measurements), width, "  ")];
}

/** Which mode to choose, by the largest number of Services. */
export function adviceText(measurements: readonly Measurement[]): string {
	const rows = costRows(measurements);
	const most = Math.max(...rows.map(({ subject }) => subject.services));
	const ratio = (cost: Cost): number => {
		const costs = rows.find(({ subject }) => subject.cost === cost && subject.services === most)?.costs;
		return costs ? costs.nftables / costs.iptables : Number.NaN;
	};
	const [connection, change] = [ratio("connection"), ratio("change")];
	const measured = `with ${servicesText(most)}, nftables mode needs ${connection.toFixed(2)} of the time for a new connection and ${change.toFixed(2)} of the time for an update`;
	const needs = "it needs Linux 5.13 and a network plugin that doesn't rely on kube-proxy's iptables rules";
	if (connection < 1 && change < 1) return `Advice: choose nftables mode: ${measured}; ${needs}.`;
	return `Advice: the number of Services doesn't decide: ${measured}. Choose nftables mode if you expect thousands of Services: ${needs}.`;
}

/** Describes a mismatch: the rules, the packet, the predicted path, and next to it what the kernel did. */

import { withPort } from "../../netfilter/address.ts";
import type { Path } from "../../netfilter/model.ts";
import { actingSteps } from "../../verification/trace/compare.ts";
import type { Measured } from "./compareWithKernel.ts";
import type { Probe } from "./machine/packets.ts";
import { type RuleSet, textsOf } from "./ruleBlocks.ts";
import type { Result } from "./trial.ts";

export function describeMismatch(rules: RuleSet, { probe, paths, measured, differences }: Result): string {
	const kernel = kernelColumn(measured);
	const walks = paths.map((path, index) => {
		const title = `path ${index + 1} of ${paths.length}, probability ${path.probability}`;
		return `${title}: ${differences[index] ?? "agrees"}\n${beside(walkColumn(path), kernel)}`;
	});
	return [
		"The rules:",
		...textsOf(rules).map(({ tool, text }) => `# by ${tool}\n${text}`),
		`The packet: ${describePacket(probe)}\n`,
		...walks,
	].join("\n");
}

function describePacket({ side, packet }: Probe): string {
	const { protocol, source, sourcePort, destination, destinationPort, mark, ctstate } = packet;
	const from = side === "lo" ? "from a process of the node" : `from ${side}`;
	return `${protocol} ${withPort(source, sourcePort)} -> ${withPort(destination, destinationPort)} ${from}, mark ${mark}, ${ctstate}`;
}

function walkColumn({ hops, outcome, endpoint: to, clientIp, rejectedWith }: Path): string[] {
	const steps = hops.map(({ table, chain, effect, to, text }) => {
		const what = effect === "unknown" ? `unknown: ${text}` : `${effect}${to === undefined ? "" : ` ${to}`}`;
		return `${table} ${chain}: ${what}`;
	});
	const end = [outcome, to && `to ${withPort(to.address, to.port)}`, clientIp && `from ${clientIp}`, rejectedWith];
	return ["THE WALK", ...steps, `= ${end.filter((part) => part !== undefined).join(" ")}`];
}

function kernelColumn({ passages, arrivals, ruleText }: Measured): string[] {
	const steps = actingSteps(passages, ruleText).map(
		({ table, chain, verdict, to }) => `${table} ${chain}: ${verdict}${to === undefined ? "" : ` ${to}`}`,
	);
	return ["THE KERNEL", ...steps, ...arrivals.map((arrival) => `= ${JSON.stringify(arrival)}`)];
}

function beside(left: readonly string[], right: readonly string[]): string {
	const width = Math.max(...left.map(({ length }) => length));
	const rows = Array.from({ length: Math.max(left.length, right.length) }, (_, index) => index);
	return rows.map((row) => `  ${(left[row] ?? "").padEnd(width)} | ${right[row] ?? ""}`).join("\n");
}

/** Compares what Services cost a node in iptables mode and in nftables mode. */
import type { Cost, MeasuredValue, Measurement } from "../model.ts";
import { same } from "../support/measurements.ts";
import type { Mode, ProgrammedRules } from "./programmedRules.ts";

/** What was measured in one mode with so many Services. */
export interface Round {
	proxyMode: Mode;
	services: number;
	programmed: ProgrammedRules;
	/** In seconds, or for memory in bytes. */
	costs: Record<Cost, number>;
	/** One request, as predicted from the rules of this round. */
	request: Measurement;
}

/**
 * With fewer Services, other costs of a connection and of a round hide the difference: one rule takes the kernel some
 * nanoseconds.
 */
const leastForPrediction = 1000;

/**
 * iptables compares a packet with the rules of all Services, one after the other; nftables looks the Service up in a map.
 * What kube-proxy needs for an update doesn't follow from the rules: in both modes, it reads or writes parts whose size
 * grows with the number of Services.
 */
const predicted: Partial<Record<Cost, Mode>> = { connection: "nftables" };

const inOrder: readonly Cost[] = ["connection", "change", "start", "memory"];

/** @param rounds both modes with each number of Services, from few to many */
export function compareRounds(rounds: readonly Round[]): Measurement[] {
	const counts = [...new Set(rounds.map(({ services }) => services))];
	const compared = counts
		.toReversed()
		.flatMap((services) => inOrder.map((cost) => compareCost(rounds, cost, services)));
	return [...compared, ...rounds.flatMap((round) => [programmedMeasurement(round), round.request])];
}

/** A nodePort's rules come last in KUBE-SERVICES, so that its packets meet the rules of all Services. */
function programmedMeasurement({ proxyMode, services, programmed }: Round): Measurement {
	const expected = { kind: "programmed" as const, services, passed: proxyMode === "iptables" ? services : 0 };
	return same({ kind: "programmedRules", proxyMode, services }, expected, { kind: "programmed", ...programmed });
}

function compareCost(rounds: readonly Round[], cost: Cost, services: number): Measurement {
	const of = (mode: Mode, count: number): number =>
		rounds.find((round) => round.proxyMode === mode && round.services === count)?.costs[cost] ?? Number.NaN;
	const [iptables, nftables] = [of("iptables", services), of("nftables", services)];
	const few = Math.min(...rounds.map(({ services }) => services));
	const growth = {
		services: few,
		iptables: iptables / of("iptables", few),
		nftables: nftables / of("nftables", few),
	};
	const measured: MeasuredValue = { kind: "costs", iptables, nftables, ...(services > few && { growth }) };
	const proxyMode = services >= leastForPrediction ? predicted[cost] : undefined;
	return {
		subject: { kind: "modeCost", cost, services },
		expected: { kind: "cheaper", ...(proxyMode && { proxyMode }) },
		measured,
		ok: proxyMode === undefined || (proxyMode === "nftables" ? nftables < iptables : iptables < nftables),
	};
}

/** Rules that other programs than kube-proxy write: what the generators of both tools share. */
import type { Family } from "../../../netfilter/model.ts";
import type { Draw } from "./draw.ts";

/** The hook that a chain is called from: it decides which statements its rules may have. */
export const stages = ["destination", "source", "filter"] as const;

export type Stage = (typeof stages)[number];

export abstract class Stranger {
	protected readonly draw: Draw;
	protected readonly family: Family;
	protected readonly stage: Stage;
	/** Chains that only its rules call. */
	protected readonly chains: string[];
	/** Rules that choose at random multiply the paths of a packet. */
	private lots = 2;

	constructor(draw: Draw, family: Family, stage: Stage, chainPrefix: string) {
		this.draw = draw;
		this.family = family;
		this.stage = stage;
		this.chains = [1, 2, 3].map((number) => chainPrefix + number);
	}

	/** The rules of its own chains. A chain calls only later ones, so none calls itself. */
	protected ownRules(): [chain: string, rules: string[]][] {
		return this.chains.map((chain, index) => [chain, this.rules(this.chains.slice(index + 1))]);
	}

	protected rules(callable: readonly string[]): string[] {
		return Array.from({ length: this.draw.number(0, 5) }, () => this.rule(callable));
	}

	/** @param callable the chains that it may call */
	protected abstract rule(callable: readonly string[]): string;

	/** Whether the next rule chooses at random. */
	protected drawsLots(): boolean {
		if (this.lots === 0 || !this.draw.chance(0.15)) return false;
		this.lots--;
		return true;
	}
}

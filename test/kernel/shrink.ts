/** Reduces a rule set to the smallest one with which kernel and prediction still differ. */
import type { RuleSet } from "./ruleBlocks.ts";

/**
 * Delta debugging: removes rules, first many at a time, at the end one by one, until none can be removed.
 * @param fails whether they still differ with these rules; it also decides about rule sets that the kernel refuses
 */
export async function shrink(rules: RuleSet, fails: (rules: RuleSet) => Promise<boolean>): Promise<RuleSet> {
	let smallest = rules;
	for (let size = Math.ceil(countOf(rules) / 2); size >= 1; size = size > 1 ? Math.ceil(size / 2) : 0) {
		for (let start = countOf(smallest) - size; start > -size; start -= size) {
			const smaller = without(smallest, Math.max(start, 0), start + size);
			if (await fails(smaller)) smallest = smaller;
		}
	}
	return smallest;
}

const countOf = ({ blocks }: RuleSet): number => blocks.reduce((count, { lines }) => count + lines.length, 0);

/** Without the lines from first up to but not including end, counted over all blocks. */
function without(rules: RuleSet, first: number, end: number): RuleSet {
	let count = 0;
	const blocks = rules.blocks.map((block) => ({
		...block,
		lines: block.lines.filter(() => {
			const at = count++;
			return at < first || at >= end;
		}),
	}));
	return { ...rules, blocks };
}

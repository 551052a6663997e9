/** Finds the pods that a selector almost selects. */
import { distance } from "fastest-levenshtein";
import type { LabelSelector, PodObject } from "../../../kubernetes/source/usedFields.ts";
import type { FindingOf } from "../diagnosisFinding.ts";

type Labels = Record<string, string>;

export const selects = (selector: Labels, { metadata: { labels = {} } }: PodObject): boolean =>
	Object.entries(selector).every(([key, value]) => labels[key] === value);

/** A selector with expressions, as NetworkPolicies have; an empty one selects every pod. */
export function selectsByExpressions(
	{ matchLabels = {}, matchExpressions = [] }: LabelSelector,
	pod: PodObject,
): boolean {
	const { labels = {} } = pod.metadata;
	return (
		selects(matchLabels, pod) &&
		matchExpressions.every(({ key, operator, values = [] }) => {
			const value = labels[key];
			if (operator === "Exists") return value !== undefined;
			if (operator === "DoesNotExist") return value === undefined;
			const isListed = value !== undefined && values.includes(value);
			return operator === "In" ? isListed : !isListed;
		})
	);
}

/** Labels of pods that controllers generate: nobody writes them into a Service's selector by mistake. */
const generated = ["pod-template-hash", "controller-revision-hash", "pod-template-generation"];

interface Near {
	key: string;
	expected: string;
	found?: string;
	foundKey?: string;
	distance: number;
}

/** The label by which pods are missed, if all others fit or the words are similar. */
export function nearestPods(
	selector: Labels,
	pods: readonly PodObject[],
): FindingOf<"selectorMatchesNothing">["nearest"] {
	const candidates = pods.flatMap((pod) => {
		const near = nearness(selector, pod.metadata.labels ?? {});
		return near ? [{ near, pod: pod.metadata.name }] : [];
	});
	const [best] = candidates.toSorted((a, b) => a.near.distance - b.near.distance);
	if (!best) return undefined;
	const { distance: _, ...found } = best.near;
	const key = JSON.stringify(found);
	const same = candidates.filter(({ near: { distance: _, ...other } }) => JSON.stringify(other) === key);
	return { ...found, pods: same.map(({ pod }) => pod).sort() };
}

/** undefined: more than one label differs, or nothing resembles it. */
function nearness(selector: Labels, labels: Labels): Near | undefined {
	const missing = Object.entries(selector).filter(([key, value]) => labels[key] !== value);
	const [one, ...others] = missing;
	if (!one || others.length > 0) return undefined;
	const [key, expected] = one;
	const matched = Object.keys(selector).length - 1;
	const found = labels[key];
	if (found !== undefined) {
		const differing = distance(expected, found);
		// With no other label that fits, the values must be similar.
		return matched > 0 || isSimilar(expected, found) ? { key, expected, found, distance: differing } : undefined;
	}
	const sameValue = Object.entries(labels).find(([other, value]) => value === expected && !generated.includes(other));
	if (sameValue) return { key, expected, foundKey: sameValue[0], distance: distance(key, sameValue[0]) };
	return matched > 0 ? { key, expected, distance: expected.length } : undefined;
}

/** At most a third of the letters differ, two letters are swapped, or one word contains the other. */
export const isSimilar = (a: string, b: string): boolean =>
	distance(a, b) <= Math.max(1, Math.floor(Math.max(a.length, b.length) / 3)) ||
	isSwapped(a, b) ||
	a.includes(b) ||
	b.includes(a);

const isSwapped = (a: string, b: string): boolean => sortedLetters(a) === sortedLetters(b) && distance(a, b) <= 2;

const sortedLetters = (word: string): string => [...word].sort().join("");

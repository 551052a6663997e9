/** The differences between two property trees, by path. */
import { isDeepStrictEqual } from "node:util";
import { isObject, isSecret, type Value } from "./properties.ts";

export interface Change {
	path: (string | number)[];
	kind: "add" | "delete" | "update";
}

/** The deepest paths that differ between `old` and `now`. A secret is compared as a whole. */
export function changes(old: Value | undefined, now: Value | undefined, path: Change["path"] = []): Change[] {
	if (isDeepStrictEqual(old, now)) return [];
	if (old === undefined) return [{ path, kind: "add" }];
	if (now === undefined) return [{ path, kind: "delete" }];
	if (isObject(old) && isObject(now) && !isSecret(old) && !isSecret(now)) {
		const keys = new Set([...Object.keys(old), ...Object.keys(now)]);
		return [...keys].flatMap((key) => changes(old[key], now[key], [...path, key]));
	}
	if (Array.isArray(old) && Array.isArray(now)) {
		const indices = [...Array(Math.max(old.length, now.length)).keys()];
		return indices.flatMap((index) => changes(old[index], now[index], [...path, index]));
	}
	return [{ path, kind: "update" }];
}

/** A path in the engine's notation, such as `spec.ports[0]` or `metadata.labels["app.kubernetes.io/name"]`. */
export const pathText = (path: Change["path"]): string =>
	path.reduce<string>((text, step) => {
		if (typeof step === "number") return `${text}[${step}]`;
		if (/[."[\]]/.test(step)) return `${text}["${step.replaceAll('"', '\\"')}"]`;
		return text === "" ? step : `${text}.${step}`;
	}, "");

/** The change is at the dotted path, inside it, or around it. */
export const touches = (change: Change, path: string): boolean =>
	path.split(".").every((step, i) => change.path[i] === undefined || String(change.path[i]) === step);

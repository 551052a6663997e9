/** What differs between the spec that a cluster was created from and another one. */
import type { ClusterSpec } from "./clusterSpec.ts";

/** Longer values, such as patches, don't help on one line. */
const longest = 40;

/** The changed fields, in kind's notation: `networking.podSubnet (was "10.244.0.0/16", now "10.1.0.0/16")`. */
export function specChanges(before: ClusterSpec, after: ClusterSpec): string[] {
	const [old, now] = [flat(before), flat(after)];
	return [...new Set([...old.keys(), ...now.keys()])]
		.filter((field) => old.get(field) !== now.get(field))
		.map((field) => `${field} (was ${shown(old.get(field))}, now ${shown(now.get(field))})`);
}

const shown = (value: string | undefined): string =>
	value === undefined ? "absent" : value.length > longest ? `${value.slice(0, longest)}…` : value;

/** Each value that contains no others, as JSON, by its path. What kind's configuration contains has the names of the arguments. */
function flat({ config, kubeProxyMode, ...spec }: ClusterSpec): Map<string, string> {
	const { networking, ...rest } = (config ?? {}) as { networking?: object };
	const fields = new Map<string, string>();
	const add = (path: string, value: unknown): void => {
		if (value === undefined) return;
		if (typeof value !== "object" || value === null || Object.keys(value).length === 0) {
			fields.set(path, JSON.stringify(value));
			return;
		}
		for (const [key, inner] of Object.entries(value))
			add(Array.isArray(value) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`, inner);
	};
	add("", { ...spec, networking: { kubeProxyMode, ipFamily: "ipv4", ...networking }, ...rest });
	return fields;
}

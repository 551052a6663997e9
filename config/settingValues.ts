/** Kinds of values that settings have, each with what is allowed in words. */
import { distance } from "fastest-levenshtein";
import { z } from "zod";

/** A value reaches a program as text, typed or not: decimal digits alone are a number, "1e1", "0x10" and " 3" are none. */
export const whole = (min: number, max: number) => {
	const allowed = `a whole number from ${min} to ${max}`;
	const digits = z.string(allowed).regex(/^(0|[1-9]\d*)$/, allowed);
	return digits.transform(Number).pipe(z.int(allowed).min(min, allowed).max(max, allowed));
};

export const oneOf = <const T extends readonly string[]>(values: T) => z.enum(values, values.join(" or "));

/** The one of the names that was most likely meant: but for upper and lower case, and few slips of the hand for its length. */
export function nearest(text: string, names: string[]): string | undefined {
	const unlikeness = (name: string) => distance(name.toLowerCase(), text.toLowerCase());
	const [best] = names.toSorted((a, b) => unlikeness(a) - unlikeness(b));
	return best !== undefined && unlikeness(best) <= 1 + Math.floor(best.length / 8) ? best : undefined;
}

/** RFC 1123, as Kubernetes checks names of namespaces and of nodes; kind takes them all. */
export const label = (most: number) => {
	const allowed = `1 to ${most} lower-case letters, digits and inner hyphens`;
	return z.string(allowed).regex(new RegExp(`^(?=.{1,${most}}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$`), allowed);
};

/** [registry/]path[:tag][@digest]: the grammar of github.com/distribution/reference, which the Docker engine reads. */
export const image = (() => {
	const allowed = "an image reference such as nodeport-lab/echo:0.1.0";
	const host = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?";
	// Without a dot or a port it is no registry, but the path's first part.
	const registry = `(?=[^/]*[.:])${host}(\\.${host})*(:\\d+)?/`;
	const part = "[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*";
	const reference = `^(${registry})?${part}(/${part})*(:\\w[\\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$`;
	return z.string(allowed).max(255, allowed).regex(new RegExp(reference), allowed);
})();

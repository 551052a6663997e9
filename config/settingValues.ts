/** Schemas of single settings; each schema's message says in words what is allowed. */
import { distance } from "fastest-levenshtein";
import { z } from "zod";

/** Pulumi passes every value as text. Only decimal digits are a number: not "1e1", "0x10" or " 3". */
export const whole = (min: number, max: number) => {
	const allowed = `a whole number from ${min} to ${max}`;
	const digits = z.string(allowed).regex(/^(0|[1-9]\d*)$/, allowed);
	return digits.transform(Number).pipe(z.int(allowed).min(min, allowed).max(max, allowed));
};

export const oneOf = <const T extends readonly string[]>(values: T) => z.enum(values, values.join(" or "));

/** The name that was most likely meant: upper and lower case are equal, and longer names may have more typing errors. */
export function nearest(text: string, names: string[]): string | undefined {
	const difference = (name: string) => distance(name.toLowerCase(), text.toLowerCase());
	const [best] = names.toSorted((a, b) => difference(a) - difference(b));
	return best !== undefined && difference(best) <= 1 + Math.floor(best.length / 8) ? best : undefined;
}

/** RFC 1123, as Kubernetes requires for names of namespaces and nodes. */
export const label = (most: number) => {
	const allowed = `1 to ${most} lower-case letters, digits and inner hyphens`;
	return z.string(allowed).regex(new RegExp(`^(?=.{1,${most}}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$`), allowed);
};

/** [registry/]path[:tag][@digest], by the grammar of github.com/distribution/reference, which the Docker engine uses. */
export const image = (() => {
	const allowed = "an image reference such as nodeport-lab/echo:0.1.0";
	const host = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?";
	// Without a dot or a port the first part belongs to the path, not to a registry.
	const registry = `(?=[^/]*[.:])${host}(\\.${host})*(:\\d+)?/`;
	const part = "[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*";
	const reference = `^(${registry})?${part}(/${part})*(:\\w[\\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$`;
	return z.string(allowed).max(255, allowed).regex(new RegExp(reference), allowed);
})();

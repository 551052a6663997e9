/** What is wrong with a value that comes from outside: each field, what was got, what is allowed. */
import { z } from "zod";

export interface FieldError {
	/** As JavaScript would reach it: "echoNodes[1]"; empty: the whole. */
	field: string;
	got: unknown;
	allowed: string;
	/** The command that mends this one. */
	fix?: string;
}

/** One line a fault. */
export const fieldErrorLines = (faults: FieldError[]): string[] =>
	faults.map(({ field, got, allowed, fix }) => {
		const where = field === "" ? "" : `${field}: `;
		return `  ${where}got ${shown(got)}, allowed: ${allowed}${fix === undefined ? "" : `; fix: ${fix}`}`;
	});

/** Fixes are to be pasted, and a shell has this project's tools only once it is told where they are. */
export const wherePulumiIs =
	"pulumi and kubectl are this project's own; a shell has them after: npm run setup && source .toolchain/env";

/** Room for any name, too little of a file's text to carry a key. */
const mostCharacters = 66;

function shown(value: unknown): string {
	if (value === undefined) return "nothing";
	const json = JSON.stringify(value);
	return json.length <= mostCharacters ? json : `${json.slice(0, mostCharacters)}…`;
}

/** What an issue says of its field: the schema's own words where it has some, else those of `allowed`. */
export function fieldErrorsOf(issue: z.core.$ZodIssue, whole: unknown): FieldError[] {
	// Of several alternatives the user meant the one that is wrong in the fewest places.
	if (issue.code === "invalid_union" && issue.errors.length > 0 && issue.message === "") {
		const nearest = issue.errors.reduce((best, errors) => (errors.length < best.length ? errors : best));
		return nearest.flatMap((inner) => fieldErrorsOf({ ...inner, path: [...issue.path, ...inner.path] }, whole));
	}
	const keys = issue.code === "unrecognized_keys" ? issue.keys.map((key) => [key]) : [[]];
	return keys.map((key) => {
		const path = [...issue.path, ...key];
		const got = path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | null)?.[key], whole);
		return { field: z.core.toDotPath(path), got, allowed: issue.message };
	});
}

const kinds: Record<string, string> = {
	string: "text",
	number: "a number",
	int: "a whole number",
	boolean: "true or false",
	array: "a list",
	object: "an object",
	record: "an object",
};

/** What is allowed, for zod: where the schema itself does not say it. */
export const allowed: z.core.$ZodErrorMap = (issue) => {
	switch (issue.code) {
		case "invalid_type":
			return kinds[issue.expected] ?? issue.expected;
		case "invalid_value":
			return issue.values.join(" or ");
		case "too_small":
			return `at least ${issue.minimum}${issue.origin === "array" ? " of them" : ""}`;
		case "unrecognized_keys": {
			const fields = issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape).join(", ") : "others";
			return `no such field; there are ${fields}`;
		}
		case "invalid_union":
			return ""; // Told by its nearest alternative.
		default:
			return undefined;
	}
};

/** Errors in a value from outside: the field, its value, the allowed values. */
import { z } from "zod";

export interface FieldError {
	/** In JavaScript's notation: "echoNodes[1]"; empty for the whole value. */
	field: string;
	got: unknown;
	allowed: string;
	/** The command that fixes it. */
	fix?: string;
}

/** One line for each error. */
export const fieldErrorLines = (errors: FieldError[]): string[] =>
	errors.map(({ field, got, allowed, fix }) => {
		const where = field === "" ? "" : `${field}: `;
		return `  ${where}got ${shown(got)}, allowed: ${allowed}${fix === undefined ? "" : `; fix: ${fix}`}`;
	});

/** Users paste the fixes into a shell, where this project's tools aren't on PATH yet. */
export const wherePulumiIs =
	"this project brings its own pulumi and kubectl; to use them in a shell: npm run setup && source .toolchain/env";

/** Long enough for any name, too short for a key in a file's text. */
const longestValue = 66;

function shown(value: unknown): string {
	if (value === undefined) return "nothing";
	const json = JSON.stringify(value);
	return json.length <= longestValue ? json : `${json.slice(0, longestValue)}…`;
}

/** The errors in an issue of zod's. What is allowed is the schema's own message, or else the one from `allowed`. */
export function fieldErrorsOf(issue: z.core.$ZodIssue, whole: unknown): FieldError[] {
	// The user probably meant the alternative with the fewest errors.
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

/** zod's error map: what is allowed, for schemas without a message of their own. */
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
			return `no such field; the fields are ${fields}`;
		}
		case "invalid_union":
			return ""; // See fieldErrorsOf.
		default:
			return undefined;
	}
};

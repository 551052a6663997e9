/** The request that a Command resource passes to a program of this project: one JSON object on stdin. */
import type { z } from "zod";
import { allowed, fieldErrorLines, fieldErrorsOf } from "../fieldErrors.ts";

/** @throws an error with every field error: the field, its value, the allowed values */
export function parseRequest<T>(schema: z.ZodType<T>, text: string): T {
	const request = jsonOf(text);
	const { data, error } = schema.safeParse(request, { error: allowed });
	if (!error) return data;
	const errors = error.issues.flatMap((issue) => fieldErrorsOf(issue, request));
	const count = errors.length === 1 ? "1 error" : `${errors.length} errors`;
	throw new Error([`the request on stdin has ${count}; nothing was changed:`, ...fieldErrorLines(errors)].join("\n"));
}

function jsonOf(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch (cause) {
		const got = text.trim() === "" ? "nothing" : (cause as Error).message;
		throw new Error(`the request on stdin must be one JSON object, got ${got}; nothing was changed`, { cause });
	}
}

/** How every command of this project that another program runs is asked: by one JSON object on stdin. */
import type { z } from "zod";
import { allowed, fieldErrorLines, fieldErrorsOf } from "./fieldErrors.ts";

/**
 * Reads a request.
 * @throws naming every fault of it: field, what was got, what is allowed
 */
export function parseRequest<T>(schema: z.ZodType<T>, text: string): T {
	const request = jsonOf(text);
	const { data, error } = schema.safeParse(request, { error: allowed });
	if (!error) return data;
	const faults = error.issues.flatMap((issue) => fieldErrorsOf(issue, request));
	const count = faults.length === 1 ? "a fault" : `${faults.length} faults`;
	throw new Error([`the request on stdin has ${count}; nothing was done:`, ...fieldErrorLines(faults)].join("\n"));
}

function jsonOf(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch (cause) {
		const got = text.trim() === "" ? "nothing" : (cause as Error).message;
		throw new Error(`the request on stdin must be one JSON object, got ${got}; nothing was done`, { cause });
	}
}

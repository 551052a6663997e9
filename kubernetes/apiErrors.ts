/** Errors of the API server in one line: the client's own message is a dump of the whole response. */
import { ApiException } from "@kubernetes/client-node";

/** @throws one line: what was requested, why it failed, and the fix */
export async function withApiError<T>(what: string, answer: Promise<T>): Promise<T> {
	try {
		return await answer;
	} catch (error) {
		throw new Error(sentence(what, error), { cause: error });
	}
}

function sentence(what: string, error: unknown): string {
	if (!(error instanceof ApiException)) {
		const why = error instanceof Error ? error.message : String(error);
		return `the API server doesn't answer (${what}: ${why}); fix: npm start`;
	}
	if (error.code === 404) return `${what} not found; fix: npm start`;
	const refused = `${what}: the API server says ${error.code}, ${reasonOf(error)}`;
	// The kubeconfig belongs to a cluster that no longer exists.
	return error.code === 401 ? `${refused}; fix: npm start` : refused;
}

/** The `message` of the API server's Status object. */
export function reasonOf({ body, message: dump }: ApiException<unknown>): string {
	// For a 401 the client keeps no body, only its own text: "HTTP-Code: 401\nMessage: Unauthorized\n…".
	if (body === undefined) return /^Message: (.+)$/m.exec(dump)?.[1] ?? "no reason given";
	try {
		const { message } = (typeof body === "string" ? JSON.parse(body) : body) as { message?: string };
		return message ?? String(body);
	} catch {
		return String(body); // Something else answered, such as a proxy: its text shows what.
	}
}

/** Whether the message of an exec that failed says that the user lacks a right: it has no other form. */
export const saysForbidden = (message: string): boolean => /\b403\b|forbidden/i.test(message);

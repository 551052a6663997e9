/** Says what an API server's refusal means; the client's own message is a dump of the whole response. */
import { ApiException } from "@kubernetes/client-node";

/** @throws one line: what could not be had, why, and what mends it */
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
		return `the API server does not answer (${what}: ${why}); fix: npm start`;
	}
	if (error.code === 404) return `${what} is not there; fix: npm start`;
	const said = `${what}: the API server says ${error.code}, ${reasonOf(error)}`;
	// The kubeconfig is of a cluster that is gone.
	return error.code === 401 ? `${said}; fix: npm start` : said;
}

/** The `message` of the Status object that the API server answers with. */
function reasonOf({ body, message: dump }: ApiException<unknown>): string {
	// Of a 401 the client keeps no body, but its own word for it: "HTTP-Code: 401\nMessage: Unauthorized\n…".
	if (body === undefined) return /^Message: (.+)$/m.exec(dump)?.[1] ?? "nothing more";
	try {
		const { message } = (typeof body === "string" ? JSON.parse(body) : body) as { message?: string };
		return message ?? String(body);
	} catch {
		return String(body); // Somebody else than an API server answered, such as a proxy: its own words tell who.
	}
}

/** What a user reads if a request is refused. */
import { requestProblemText } from "../../../../report/diagnosis/requestProblemText.ts";
import { RefusedRequest } from "../../../../verification/diagnosis/requestProblem.ts";

/** @throws if it isn't refused */
export async function refusalOf(attempt: () => unknown): Promise<string> {
	try {
		await attempt();
	} catch (error) {
		if (error instanceof RefusedRequest) return requestProblemText(error.problem);
		throw error;
	}
	throw new Error("the request was accepted");
}

// All of the SDK takes three times as long to load, and the doctor needs none of it.
import { RunError } from "@pulumi/pulumi/errors.js";

/** Something that the user can mend: it ends the program, and Pulumi shows its message alone, without a stack. */
export class UserError extends RunError {
	constructor(message: string, options?: ErrorOptions) {
		super(message, options);
		// The SDK renders the stack all the same, for its telemetry; on a stack with packages in it that takes Node.js 20
		// half a minute and 2 GB, until it runs into the longest string that there can be (util.inspect with colours).
		this.stack = "";
		// The SDK writes `error serializing property "stdin": ` before the message of whatever an input waits for.
		Object.defineProperty(this, "message", { get: () => message, set: () => {} });
	}
}

/** What the machine is asked while the program runs. Where it cannot answer, the program ends with its message. */
export const orRefuse = <T>(answer: Promise<T>): Promise<T> =>
	answer.catch((error: Error) => {
		throw process.env.DEBUG ? error : new UserError(error.message, { cause: error });
	});

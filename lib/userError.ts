// The whole SDK takes three times as long to load, and the doctor doesn't need it.
import { RunError } from "@pulumi/pulumi/errors.js";

/** An error that the user can fix. It ends the program, and Pulumi shows its message without a stack. */
export class UserError extends RunError {
	constructor(message: string, options?: { cause?: unknown }) {
		super(message, options);
		// The SDK renders the stack for its telemetry. If packages are in it, Node.js 20 needs half a minute and 2 GB for
		// that, until util.inspect exceeds the longest possible string.
		this.stack = "";
		// The SDK puts `error serializing property "stdin": ` before the message of an error in an input.
		Object.defineProperty(this, "message", { get: () => message, set: () => {} });
	}
}

/** Passes an answer on. A failure becomes a UserError. */
export const orRefuse = <T>(answer: Promise<T>): Promise<T> =>
	answer.catch((error: Error) => {
		throw process.env.NODEPORT_LAB_DEBUG ? error : new UserError(error.message, { cause: error });
	});

import * as pulumi from "@pulumi/pulumi";

/** Something that the user can mend: Pulumi shows its message alone, without a stack. */
class Refusal extends pulumi.RunError {
	constructor(cause: Error) {
		super(cause.message, { cause });
		// The SDK writes `error serializing property "stdin": ` before the message of whatever an input waits for.
		Object.defineProperty(this, "message", { get: () => cause.message, set: () => {} });
	}
}

/** What the machine is asked while the program runs. Where it cannot answer, the program ends with its message. */
export const ask = <T>(answer: Promise<T>): Promise<T> =>
	answer.catch((error: Error) => {
		throw process.env.DEBUG ? error : new Refusal(error);
	});

import pWaitFor from "p-wait-for";

interface Poll<T> {
	/** Milliseconds between two reads. */
	interval: number;
	/** Whether the value is the wanted one. @default whether it is true */
	until?: (value: T) => boolean | Promise<boolean>;
	/** @default no limit */
	seconds?: number;
	/** When it is aborted, the poll rejects with its reason. */
	signal?: AbortSignal;
}

/**
 * Reads a value until it is the wanted one or the time is over. A read must have a time limit of its own.
 * @returns the last value
 */
export async function poll<T>(
	read: () => T | Promise<T>,
	{ interval, until = Boolean, seconds = Number.POSITIVE_INFINITY, signal }: Poll<T>,
): Promise<T> {
	const deadline = Date.now() + seconds * 1000;
	// p-wait-for's own `timeout` and `signal` add a listener in every round, and Node.js warns about the eleventh.
	const polling = pWaitFor(
		async () => {
			signal?.throwIfAborted();
			const value = await read();
			return ((await until(value)) || Date.now() >= deadline) && pWaitFor.resolveWith(value);
		},
		{ interval },
	);
	return signal ? untilAborted(polling, signal) : polling;
}

async function untilAborted<T>(polling: Promise<T>, signal: AbortSignal): Promise<T> {
	let abort = () => {};
	const aborted = new Promise<never>((_, reject) => {
		abort = () => reject(signal.reason);
	});
	signal.addEventListener("abort", abort);
	try {
		return await Promise.race([polling, aborted]);
	} finally {
		signal.removeEventListener("abort", abort);
	}
}

import pWaitFor from "p-wait-for";

interface Poll {
	/** Milliseconds between two checks. */
	interval: number;
	/** @default no limit */
	seconds?: number;
	/** When it is aborted, the poll rejects with its reason. */
	signal?: AbortSignal;
}

/**
 * Checks the condition until it holds or the time is over. A check must have a time limit of its own.
 * @returns whether the condition holds
 */
export async function poll(
	condition: () => boolean | Promise<boolean>,
	{ interval, seconds = Number.POSITIVE_INFINITY, signal }: Poll,
): Promise<boolean> {
	const deadline = Date.now() + seconds * 1000;
	let holds = false;
	// p-wait-for's own `timeout` and `signal` add a listener in every round, and Node.js warns about the eleventh.
	const polling = pWaitFor(
		async () => {
			signal?.throwIfAborted();
			holds = await condition();
			return holds || Date.now() >= deadline;
		},
		{ interval },
	);
	await (signal ? untilAborted(polling, signal) : polling);
	return holds;
}

async function untilAborted(polling: Promise<unknown>, signal: AbortSignal): Promise<void> {
	let abort = () => {};
	const aborted = new Promise<never>((_, reject) => {
		abort = () => reject(signal.reason);
	});
	signal.addEventListener("abort", abort);
	try {
		await Promise.race([polling, aborted]);
	} finally {
		signal.removeEventListener("abort", abort);
	}
}

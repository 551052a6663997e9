import pWaitFor from "p-wait-for";

interface Poll {
	/** Milliseconds between two checks. */
	interval: number;
	/** @default no limit */
	seconds?: number;
	/** Rejects with its reason at the next check after it is aborted. */
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
	await pWaitFor(
		async () => {
			signal?.throwIfAborted();
			holds = await condition();
			return holds || Date.now() >= deadline;
		},
		{ interval },
	);
	return holds;
}

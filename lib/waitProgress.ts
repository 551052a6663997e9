const changedAfter = 5_000;
const repeatedAfter = 29_500;

/**
 * Reports on stderr what the work is waiting for: once the first seconds have passed, then when that changes, and at
 * least every 30 seconds.
 * @param describe called for each report
 */
export async function withProgress<T>(describe: () => string, work: Promise<T>, firstSeconds = 2): Promise<T> {
	const started = Date.now();
	let last = { text: "", at: Number.NEGATIVE_INFINITY };
	const report = () => {
		const [text, at] = [describe(), Date.now()];
		if (at - last.at < (text === last.text ? repeatedAfter : changedAfter)) return;
		last = { text, at };
		console.error(`${text} (${Math.round((at - started) / 1000)} s)`);
	};
	const timer = setInterval(report, firstSeconds * 1000);
	try {
		return await work;
	} finally {
		clearInterval(timer);
	}
}

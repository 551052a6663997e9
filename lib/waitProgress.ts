const changedAfter = 5_000;
const repeatedAfter = 29_500;

/** 0.4 s; 28 s; 5 min 35 s. */
export function duration(milliseconds: number): string {
	if (milliseconds < 9950) return `${(milliseconds / 1000).toFixed(1)} s`;
	const seconds = Math.round(milliseconds / 1000);
	return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

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

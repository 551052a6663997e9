/** Limits the size of text. */

/** Which end of a text to keep; of a log, the end. */
export type Keep = "start" | "end";

/** As many complete lines from one end of the text as fit into this number of bytes of UTF-8. */
export function trimmed(text: string, bytes: number, keep: Keep): string {
	const all = Buffer.from(text);
	if (all.length <= bytes) return text;
	if (keep === "start") return all.subarray(0, all.subarray(0, bytes).lastIndexOf("\n") + 1).toString();
	const lineEnd = all.indexOf("\n", all.length - bytes - 1);
	return lineEnd < 0 ? "" : all.subarray(lineEnd + 1).toString();
}

/** The size limit for each text, so that all of them fit: short texts stay complete, long ones are truncated. */
export function fairLimit(sizes: readonly number[], bytes: number): number {
	let left = bytes;
	for (const [i, size] of sizes.toSorted((a, b) => a - b).entries()) {
		const share = Math.floor(left / (sizes.length - i));
		if (size > share) return share;
		left -= size;
	}
	return Number.POSITIVE_INFINITY;
}

/** Requests to the API server that may take several responses, or too long. */

/** Objects per response. */
export const pageSize = 500;

/** All objects of a list, page by page. */
export async function listAll<T>(
	list: (next: { _continue?: string }) => Promise<{ items: T[]; metadata?: { _continue?: string } }>,
): Promise<T[]> {
	const items: T[] = [];
	for (let next: string | undefined; next !== ""; ) {
		const answer = await list(next === undefined ? {} : { _continue: next });
		items.push(...answer.items);
		next = answer.metadata?._continue ?? "";
	}
	return items;
}

/** @throws if the API server doesn't answer in time */
export function within<T>(seconds: number, answer: Promise<T>): Promise<T> {
	const late = new Promise<never>((_, reject) => {
		setTimeout(() => reject(new Error(`no answer within ${seconds} s`)), seconds * 1000).unref();
	});
	return Promise.race([answer, late]);
}

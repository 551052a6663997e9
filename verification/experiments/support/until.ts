import type { Lab } from "./experiment.ts";

/** Asks once a second until the answer is the wanted one, so often at most: the last answer. */
export async function until(lab: Lab, wanted: string, attempts: number, ask: () => Promise<string>): Promise<string> {
	for (let attempt = 1; ; attempt++) {
		const got = await ask();
		if (got === wanted || attempt === attempts) return got;
		await lab.sleep(1);
	}
}

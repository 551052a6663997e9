import pWaitFor from "p-wait-for";
import type { Lab } from "./experiment.ts";

/** Reads a value once a second until it is the wanted one, at most `attempts` times. @returns the last value */
export async function poll(lab: Lab, wanted: string, attempts: number, read: () => Promise<string>): Promise<string> {
	let reads = 0;
	return pWaitFor(
		async () => {
			const value = await read();
			return (value === wanted || ++reads === attempts) && pWaitFor.resolveWith(value);
		},
		{ interval: 1000, signal: lab.signal },
	);
}

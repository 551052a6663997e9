import { poll as pollUntil } from "../../../lib/poll.ts";
import type { Lab } from "./experiment.ts";

/** Reads a value once a second until it is the wanted one, at most `attempts` times. @returns the last value */
export async function poll(lab: Lab, wanted: string, attempts: number, read: () => Promise<string>): Promise<string> {
	let value = "";
	let reads = 0;
	await pollUntil(
		async () => {
			value = await read();
			return value === wanted || ++reads === attempts;
		},
		{ interval: 1000, signal: lab.signal },
	);
	return value;
}

/** What has been gathered so far, and what could not be had. */
import { type Keep, redacted, trimmed } from "./evidenceText.ts";

/** Most bytes of one file. */
export const fileBytes = 1024 * 1024;

/** Room in them for the line that says what was cut off. */
export const noteBytes = 100;

export interface EvidenceFile {
	/** In the folder of the evidence. */
	path: string;
	about: string;
	/** Without secrets, at most `fileBytes` with the note. */
	text: string;
	/** Bytes that it had before anything was cut off. */
	whole: number;
	keep: Keep;
}

/** All within one limit of time, side by side. */
export class Collection {
	readonly files: EvidenceFile[] = [];
	readonly missing: { path: string; why: string }[] = [];
	private readonly seconds: number;
	private readonly started = performance.now();

	/** @param seconds for everything, from now on */
	constructor(seconds: number) {
		this.seconds = seconds;
	}

	get secondsPassed(): number {
		return (performance.now() - this.started) / 1000;
	}

	/** For what keeps its own time, in whole seconds: a message may name them. */
	get secondsLeft(): number {
		return Math.max(0, Math.ceil(this.seconds - this.secondsPassed));
	}

	/** Adds what is read. Never rejects: what cannot be read in time is missing. */
	async add(path: string, about: string, read: () => Promise<string>, keep: Keep = "start"): Promise<void> {
		try {
			const text = redacted(await this.inTime(read()));
			const kept = trimmed(text, fileBytes - noteBytes, keep);
			this.files.push({ path, about, text: kept, whole: Buffer.byteLength(text), keep });
		} catch (error) {
			this.lack(path, error instanceof Error ? error.message : String(error));
		}
	}

	lack(path: string, why: string): void {
		this.missing.push({ path, why: redacted(why).replaceAll(/\s+/g, " ").slice(0, 300) });
	}

	/** @throws when the time is over */
	async inTime<T>(answer: Promise<T>): Promise<T> {
		let timer: NodeJS.Timeout | undefined;
		const late = new Promise<never>((_, reject) => {
			const why = `no answer within the ${this.seconds} s that gathering may take`;
			timer = setTimeout(() => reject(new Error(why)), (this.seconds - this.secondsPassed) * 1000);
		});
		try {
			return await Promise.race([answer, late]);
		} finally {
			clearTimeout(timer);
		}
	}
}

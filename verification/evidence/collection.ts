/** What has been collected so far, and what is missing. */
import { redacted } from "../../lib/redaction.ts";
import { type Keep, trimmed } from "./textSize.ts";

/** The size limit of one file. */
export const fileBytes = 1024 * 1024;

/** Room for the line that says that the file is truncated. */
export const noteBytes = 100;

export interface EvidenceFile {
	/** Relative to the folder. */
	path: string;
	about: string;
	/** Without secrets, at most `fileBytes` with the note. */
	text: string;
	/** The number of bytes before truncation. */
	whole: number;
	keep: Keep;
}

/** Collects in parallel, within one time limit. */
export class Collection {
	readonly files: EvidenceFile[] = [];
	readonly missing: { path: string; why: string }[] = [];
	private readonly seconds: number;
	private readonly started = performance.now();

	/** @param seconds the time limit for everything */
	constructor(seconds: number) {
		this.seconds = seconds;
	}

	get secondsPassed(): number {
		return (performance.now() - this.started) / 1000;
	}

	/** In whole seconds, because messages may show them. */
	get secondsLeft(): number {
		return Math.max(0, Math.ceil(this.seconds - this.secondsPassed));
	}

	/** Never rejects: what can't be read in time is missing. */
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

	/** @throws after the time limit */
	async inTime<T>(answer: Promise<T>): Promise<T> {
		let timer: NodeJS.Timeout | undefined;
		const late = new Promise<never>((_, reject) => {
			const why = `no answer within the ${this.seconds} s time limit`;
			timer = setTimeout(() => reject(new Error(why)), (this.seconds - this.secondsPassed) * 1000);
		});
		try {
			return await Promise.race([answer, late]);
		} finally {
			clearTimeout(timer);
		}
	}
}

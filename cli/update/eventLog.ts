/** The log of Pulumi's engine events, read as it grows. */
import { open } from "node:fs/promises";
import { z } from "zod";
import { ifMissing } from "../../lib/atomicFile.ts";

const State = z.object({
	custom: z.boolean().default(false),
	parent: z.string().optional(),
	/** An object's declaration. */
	inputs: z.unknown().optional(),
	outputs: z.unknown().optional(),
});
const StepEvent = z.object({
	metadata: z.object({
		op: z.string(),
		urn: z.string(),
		type: z.string(),
		old: State.nullish(),
		new: State.nullish(),
	}),
});

const EngineEvent = z.object({
	resourcePreEvent: StepEvent.optional(),
	resOutputsEvent: StepEvent.optional(),
	resOpFailedEvent: StepEvent.optional(),
	diagnosticEvent: z
		.object({
			urn: z.string().optional(),
			message: z.string(),
			/** "debug", "info", "info#err", "warning" or "error". */
			severity: z.string(),
			/** On a terminal it is shown only until the next one. */
			ephemeral: z.boolean().default(false),
		})
		.optional(),
});
export type EngineEvent = z.infer<typeof EngineEvent>;

export class EventLog {
	readonly #path: string;
	#offset = 0;
	/** The end of the text so far, whose line isn't complete. */
	#rest = Buffer.alloc(0);

	constructor(path: string) {
		this.#path = path;
	}

	/** The events since the last call; none before Pulumi has created the file. */
	async read(): Promise<EngineEvent[]> {
		const added = await this.#added();
		const bytes = Buffer.concat([this.#rest, added]);
		const end = bytes.lastIndexOf("\n") + 1;
		this.#rest = bytes.subarray(end);
		const lines = bytes.subarray(0, end).toString().split("\n").slice(0, -1);
		return lines.map((line) => EngineEvent.parse(JSON.parse(line)));
	}

	async #added(): Promise<Buffer> {
		const file = await open(this.#path).catch(ifMissing);
		if (file === undefined) return Buffer.alloc(0);
		try {
			const length = (await file.stat()).size - this.#offset;
			const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, this.#offset);
			this.#offset += bytesRead;
			return buffer.subarray(0, bytesRead);
		} finally {
			await file.close();
		}
	}
}

/** Answers from a bundle of files, without a network. */
import type { Ran } from "../../exec.ts";
import type { About, Answer, ClusterSource, Container, Query } from "../clusterSource.ts";
import { type Kind, type ObjectOf, reduced } from "../usedFields.ts";
import { keyOf, type Manifest, type Recorded } from "./bundleRecord.ts";

/** Reads a file of the bundle. @throws if it is missing */
export type ReadFile = (path: string) => Promise<string>;

export class BundleSource implements ClusterSource {
	private readonly manifest: Manifest;
	private readonly read: ReadFile;
	private readonly answers: Map<string, Recorded>;

	constructor(manifest: Manifest, read: ReadFile) {
		this.manifest = manifest;
		this.read = read;
		this.answers = new Map(manifest.recorded.map((recorded) => [keyOf(questionOf(recorded)), recorded]));
	}

	async about(): Promise<About> {
		return this.manifest.about;
	}

	async list<K extends Kind>(query: Query<K>): Promise<Answer<ObjectOf<K>[]>> {
		const recorded = this.answers.get(keyOf({ query }));
		if (recorded === undefined) return { refused: notCollected };
		if ("refused" in recorded) return { refused: recorded.refused };
		const objects = JSON.parse(await this.read(recorded.file)) as unknown[];
		return { value: objects.map((object) => reduced(query.kind, object)) };
	}

	async log(container: Container, lines: number): Promise<Answer<string>> {
		const recorded = this.answers.get(keyOf({ log: container, lines }));
		if (recorded === undefined) return { refused: notCollected };
		return "refused" in recorded ? { refused: recorded.refused } : { value: await this.read(recorded.file) };
	}

	async run(container: Container, program: string[]): Promise<Ran> {
		const recorded = this.answers.get(keyOf({ run: container, program }));
		if (recorded === undefined || !("code" in recorded)) return { code: -1, stdout: "", stderr: notCollected.message };
		return { code: recorded.code, stdout: await this.read(recorded.file), stderr: recorded.stderr };
	}

	wasChanging(namespace: string, name: string): boolean {
		const service = this.manifest.services.find((one) => one.namespace === namespace && one.name === name);
		return service?.changing ?? false;
	}
}

const notCollected = { kind: "notCollected" as const, message: "the bundle doesn't contain it" };

function questionOf(recorded: Recorded): object {
	if ("query" in recorded) return { query: recorded.query };
	if ("log" in recorded) return { log: recorded.log, lines: recorded.lines };
	return { run: recorded.run, program: recorded.program };
}

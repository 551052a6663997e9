/** Passes questions on to a live cluster, each only once, and remembers the answers for a bundle. */
import type { Ran } from "../../exec.ts";
import type { About, Answer, ClusterSource, Container, Query } from "../clusterSource.ts";
import type { Kind, ObjectOf } from "../usedFields.ts";
import { keyOf, type Recorded } from "./bundleRecord.ts";

/** A file of a bundle. */
export interface BundleFile {
	path: string;
	content: string;
}

export class RecordingSource implements ClusterSource {
	private readonly source: ClusterSource;
	private readonly answers = new Map<string, Promise<unknown>>();
	private readonly names = new Set<string>();
	readonly recorded: Recorded[] = [];
	readonly files: BundleFile[] = [];

	constructor(source: ClusterSource) {
		this.source = source;
	}

	about(): Promise<About> {
		return this.once({ about: true }, () => this.source.about());
	}

	list<K extends Kind>(query: Query<K>): Promise<Answer<ObjectOf<K>[]>> {
		return this.once({ query }, async () => {
			const answer = await this.source.list(query);
			if ("refused" in answer) this.recorded.push({ query, refused: answer.refused });
			else {
				const parts = [query.namespace, query.kind, query.name, query.labels, query.withHostPort && "host-ports"];
				const file = this.keep("objects", parts, "json", `${JSON.stringify(answer.value, null, "\t")}\n`);
				this.recorded.push({ query, file });
			}
			return answer;
		});
	}

	log(container: Container, lines: number): Promise<Answer<string>> {
		return this.once({ log: container, lines }, async () => {
			const answer = await this.source.log(container, lines);
			if ("refused" in answer) this.recorded.push({ log: container, lines, refused: answer.refused });
			else this.recorded.push({ log: container, lines, file: this.keep("logs", [container.pod], "log", answer.value) });
			return answer;
		});
	}

	run(container: Container, program: string[], seconds: number): Promise<Ran> {
		return this.once({ run: container, program }, async () => {
			const ran = await this.source.run(container, program, seconds);
			const { code, stdout, stderr } = ran;
			const file = this.keep("programs", [container.pod, ...program], "txt", stdout);
			this.recorded.push({ run: container, program, file, code, stderr });
			return ran;
		});
	}

	private once<T>(question: object, ask: () => Promise<T>): Promise<T> {
		const key = keyOf(question);
		const known = this.answers.get(key) as Promise<T> | undefined;
		if (known) return known;
		const answer = ask();
		this.answers.set(key, answer);
		return answer;
	}

	/** @returns the path of the new file, named after the question */
	private keep(folder: string, parts: (string | false | undefined)[], extension: string, content: string): string {
		const words = parts.filter((part) => typeof part === "string" && part !== "");
		const base = words
			.join("_")
			.replace(/[^\w.-]+/g, "-")
			.slice(0, 120);
		let path = `${folder}/${base}.${extension}`;
		for (let i = 2; this.names.has(path); i++) path = `${folder}/${base}-${i}.${extension}`;
		this.names.add(path);
		this.files.push({ path, content });
		return path;
	}
}

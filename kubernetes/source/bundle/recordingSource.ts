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

/** The question's answer for the manifest, and its file. */
interface Kept {
	recorded: Recorded;
	file?: BundleFile;
}

export class RecordingSource implements ClusterSource {
	private readonly source: ClusterSource;
	private readonly answers = new Map<string, Promise<unknown>>();
	/** By question: an answer that is read again replaces the earlier one. */
	private readonly kept = new Map<string, Kept>();
	/** The paths of files, by question. */
	private readonly paths = new Map<string, string>();

	constructor(source: ClusterSource) {
		this.source = source;
	}

	get recorded(): Recorded[] {
		return [...this.kept.values()].map(({ recorded }) => recorded);
	}

	get files(): BundleFile[] {
		return [...this.kept.values()].flatMap(({ file }) => file ?? []);
	}

	about(): Promise<About> {
		return this.once({ about: true }, () => this.source.about());
	}

	list<K extends Kind>(query: Query<K>): Promise<Answer<ObjectOf<K>[]>> {
		const question = { query };
		return this.once(question, async () => {
			const answer = await this.source.list(query);
			if ("refused" in answer) this.keep(question, { recorded: { query, refused: answer.refused } });
			else {
				const parts = [query.namespace, query.kind, query.name, query.labels, query.withHostPort && "host-ports"];
				const path = this.pathFor(question, "objects", parts, "json");
				const file = { path, content: `${JSON.stringify(answer.value, null, "\t")}\n` };
				this.keep(question, { recorded: { query, file: path }, file });
			}
			return answer;
		});
	}

	log(container: Container, lines: number): Promise<Answer<string>> {
		const question = { log: container, lines };
		return this.once(question, async () => {
			const answer = await this.source.log(container, lines);
			if ("refused" in answer) this.keep(question, { recorded: { ...question, refused: answer.refused } });
			else {
				const path = this.pathFor(question, "logs", [container.pod], "log");
				this.keep(question, { recorded: { ...question, file: path }, file: { path, content: answer.value } });
			}
			return answer;
		});
	}

	run(container: Container, program: string[], seconds: number): Promise<Ran> {
		const question = { run: container, program };
		return this.once(question, async () => {
			const ran = await this.source.run(container, program, seconds);
			const { code, stdout, stderr } = ran;
			const path = this.pathFor(question, "programs", [container.pod, ...program], "txt");
			this.keep(question, { recorded: { ...question, file: path, code, stderr }, file: { path, content: stdout } });
			return ran;
		});
	}

	refresh(): void {
		this.answers.clear();
		this.source.refresh?.();
	}

	private once<T>(question: object, ask: () => Promise<T>): Promise<T> {
		const key = keyOf(question);
		const known = this.answers.get(key) as Promise<T> | undefined;
		if (known) return known;
		const answer = ask();
		this.answers.set(key, answer);
		return answer;
	}

	private keep(question: object, kept: Kept): void {
		this.kept.set(keyOf(question), kept);
	}

	/** The path of the answer's file, named after the question. */
	private pathFor(question: object, folder: string, parts: (string | false | undefined)[], extension: string): string {
		const key = keyOf(question);
		const known = this.paths.get(key);
		if (known !== undefined) return known;
		const words = parts.filter((part) => typeof part === "string" && part !== "");
		const base = words
			.join("_")
			.replace(/[^\w.-]+/g, "-")
			.slice(0, 120);
		const used = new Set(this.paths.values());
		let path = `${folder}/${base}.${extension}`;
		for (let i = 2; used.has(path); i++) path = `${folder}/${base}-${i}.${extension}`;
		this.paths.set(key, path);
		return path;
	}
}

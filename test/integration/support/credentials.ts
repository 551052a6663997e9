/** Searches files for a kubeconfig's credentials. */
import { readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Lab } from "./lab.ts";

/** Pieces of the credentials, as they are in the file and decoded; each is long enough to be unique. */
export function credentialsOf(kubeconfig: string): string[] {
	return [...kubeconfig.matchAll(/(client-key-data|client-certificate-data|token|password): (\S+)/g)].flatMap(
		([, field = "", value = ""]) => {
			if (!field.endsWith("-data")) return [value];
			const lines = Buffer.from(value, "base64").toString("utf8").trimEnd().split("\n");
			// A certificate has lines in common with those of other clusters, except in its signature, at its end.
			const start = field === "client-certificate-data" ? lines.length - 5 : 2;
			const unique = lines.slice(start, -1);
			const encoded = value.slice(Math.ceil((lines.slice(0, start).join("\n").length * 4) / 3)).match(/.{48}/g) ?? [];
			return [...encoded, ...unique.filter((line) => line.length >= 48)];
		},
	);
}

export const holdsAny = (text: string, credentials: string[]): boolean =>
	credentials.some((piece) => text.includes(piece));

/** Paths of all files in a folder that contain any of the credentials. Doesn't follow links. */
export async function filesWith(credentials: string[], folder: string): Promise<string[]> {
	const entries = await readdir(folder, { recursive: true, withFileTypes: true });
	const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
	const found: string[] = [];
	for (const path of paths) {
		// Another program may remove its file meanwhile.
		const text = await readFile(path, "latin1").catch(() => "");
		if (holdsAny(text, credentials)) found.push(path);
	}
	return found;
}

/**
 * All files with the credentials where a lab's commands write: its folder, its home, the temporary folder (which must
 * contain both), the Pulumi home, and the project's own .toolchain and Pulumi home.
 */
export async function copiesOf(credentials: string[], lab: Lab, temporary: string): Promise<string[]> {
	const { PULUMI_HOME = join(homedir(), ".pulumi") } = lab.env;
	const folders = [temporary, PULUMI_HOME, join(process.cwd(), ".toolchain")];
	const found = await Promise.all(
		folders.map((folder) => filesWith(credentials, folder).catch((error) => (isAbsent(error) ? [] : raise(error)))),
	);
	return [...new Set(found.flat())];
}

const isAbsent = (error: NodeJS.ErrnoException): boolean => error.code === "ENOENT";

function raise(error: unknown): never {
	throw error;
}

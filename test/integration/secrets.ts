/** Looks for a kubeconfig's credentials where they must not be: in files, command lines and environments. */
import { readdirSync, readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";

/** Pieces of the credentials, each long enough to be nothing else: of the text as it stands, and of what it encodes. */
export function credentialsOf(kubeconfig: string): string[] {
	return [...kubeconfig.matchAll(/(client-key-data|client-certificate-data|token|password): (\S+)/g)].flatMap(
		([, field = "", value = ""]) => {
			if (!field.endsWith("-data")) return [value];
			const pem = Buffer.from(value, "base64").toString("utf8");
			// The text begins as that of every PEM file does.
			const pieces = value.slice(64).match(/.{48}/g) ?? [];
			return [...pieces, ...pem.split("\n").filter((line) => line.length >= 48 && !line.startsWith("-"))];
		},
	);
}

export const holdsAny = (text: string, credentials: string[]): boolean =>
	credentials.some((piece) => text.includes(piece));

/** The files below a folder that hold any of them. Links are not followed. */
export async function filesWith(credentials: string[], folder: string): Promise<string[]> {
	const entries = await readdir(folder, { recursive: true, withFileTypes: true });
	const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
	const holding: string[] = [];
	for (const path of paths) {
		// Whatever else runs may remove its files meanwhile.
		const text = await readFile(path, "latin1").catch(() => "");
		if (holdsAny(text, credentials)) holding.push(relative(folder, path));
	}
	return holding;
}

/** Reads, until it is stopped, the command line and the environment of every process whose environment names this. */
export function watchProcesses(name: string): { stop: () => string[] } {
	const seen = new Set<string>();
	const timer = setInterval(() => {
		for (const pid of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
			const environment = fileOf(pid, "environ");
			if (environment.includes(name)) seen.add(`${fileOf(pid, "cmdline")}\n${environment}`.replaceAll("\0", " "));
		}
	}, 200);
	return {
		stop() {
			clearInterval(timer);
			return [...seen];
		},
	};
}

function fileOf(pid: string, file: string): string {
	try {
		return readFileSync(join("/proc", pid, file), "utf8");
	} catch {
		return ""; // It has ended.
	}
}

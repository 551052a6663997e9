/** Programs on PATH. */
import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** PATH, and the folders of dockerd and mmdebstrap, which root's PATH often lacks after `su`. */
export const systemPath = (path = process.env.PATH ?? ""): string =>
	[path, "/usr/local/sbin", "/usr/sbin", "/sbin"].join(delimiter);

// Where set-up links tools, in this clone or another.
const ownFolder = /\/\.toolchain\/bin\/?$/;

/** All programs of that name on PATH, in order, except set-up's own links. */
export function findPrograms(name: string, path = systemPath()): string[] {
	const found = new Map<string, string>();
	for (const folder of path.split(delimiter)) {
		const file = join(folder, name);
		if (folder === "" || ownFolder.test(folder) || !isProgram(file)) continue;
		// /bin is often a link to /usr/bin.
		const target = realpathSync(file);
		if (!found.has(target)) found.set(target, file);
	}
	return [...found.values()];
}

function isProgram(file: string): boolean {
	try {
		accessSync(file, constants.X_OK);
		return statSync(file).isFile();
	} catch {
		return false; // It doesn't exist, or this user can't execute it; a shell skips it, too.
	}
}

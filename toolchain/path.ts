/** Programs on PATH. */
import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** PATH with the folders that root's often lacks (after `su`), where dockerd and debootstrap are. */
export const systemPath = (path = process.env.PATH ?? ""): string =>
	[path, "/usr/local/sbin", "/usr/sbin", "/sbin"].join(delimiter);

// Where set-up links tools, in this clone or another: what is found is what the machine has without it.
const ownFolder = /\/\.toolchain\/bin\/?$/;

/** All programs of that name on PATH, in its order, except those that set-up itself put there. */
export function findPrograms(name: string, path = systemPath()): string[] {
	const found = new Map<string, string>();
	for (const folder of path.split(delimiter)) {
		const file = join(folder, name);
		if (folder === "" || ownFolder.test(folder) || !isProgram(file)) continue;
		// One program is often on PATH twice: /bin is a link to /usr/bin.
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
		return false; // not there, or not for this user: the shell would pass over it too
	}
}

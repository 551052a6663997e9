/** Programs on PATH, and which versions they say they are. */
import { accessSync, constants, existsSync, realpathSync, statSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import { contentKey } from "./cache.ts";
import { cacheRoot } from "./layout.ts";

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

// A smaller file is a script that starts one of several versions (asdf, mise): what it says today may change tomorrow.
const leastBinary = 1_000_000;

const answers = (): string => join(cacheRoot(), "versions");

/** What the program prints about its version; "" where it fails. It is asked once for as long as its file is the same. */
export async function askVersion(
	program: string,
	args: string[],
	environment: Record<string, string> = {},
): Promise<string> {
	const { mtimeMs, size } = statSync(program);
	const answer = join(answers(), contentKey(program, String(mtimeMs), String(size), ...args));
	if (existsSync(answer)) return readFile(answer, "utf8");
	const { stdout, failed } = await execa(program, args, { reject: false, timeout: 10_000, env: environment });
	if (failed) return "";
	if (size >= leastBinary) {
		await mkdir(answers(), { recursive: true });
		await writeFile(answer, stdout);
	}
	return stdout;
}

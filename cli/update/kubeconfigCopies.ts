/** Copies of the lab's kubeconfig that plain `pulumi` commands leave: pulumi-kubernetes writes `kubeconfig<number>` at each. */
import { lstat, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

const Kubeconfig = z.object({
	users: z.array(z.object({ user: z.object({ "client-key-data": z.string() }) })),
});

/** The private keys in a kubeconfig; empty if the text isn't one. */
function keysOf(text: string): string[] {
	try {
		return Kubeconfig.parse(parse(text)).users.map(({ user }) => user["client-key-data"]);
	} catch {
		return []; // Another program may name its file so.
	}
}

/** The keys of this project's own clusters. */
async function ownKeys(): Promise<Set<string>> {
	const names = await readdir(".kube").catch(() => []);
	const texts = await Promise.all(names.map((name) => readFile(join(".kube", name), "utf8").catch(() => "")));
	return new Set(texts.flatMap(keysOf));
}

/** Removes this user's files in the system's temporary folder that contain a key of this project's own clusters. */
export async function removeKubeconfigCopies(folder = tmpdir()): Promise<void> {
	const candidates = (await readdir(folder)).filter((name) => /^kubeconfig\d+$/.test(name));
	if (candidates.length === 0) return;
	const own = await ownKeys();
	if (own.size === 0) return;
	for (const name of candidates) await removeIfCopy(join(folder, name), own);
}

async function removeIfCopy(path: string, own: Set<string>): Promise<void> {
	try {
		const status = await lstat(path);
		if (!status.isFile() || status.uid !== process.getuid?.()) return;
		if (keysOf(await readFile(path, "utf8")).some((key) => own.has(key))) await rm(path);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error; // Another command may remove it meanwhile.
	}
}

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { buildDebianBase } from "../../../../toolchain/images/debianBase.ts";
import { temporaryFolder } from "../../temporary.ts";

const folder = temporaryFolder();

// mmdebstrap runs a hook with the new root as its first argument, as a shell does: mmdebstrap(1), HOOKS.
test("the image contains no mirror or proxy settings of the machine that built it", async () => {
	const root = join(folder.path, "root");
	const hosts = [
		"etc/apt/sources.list",
		"etc/apt/sources.list.d/0000mirror.sources",
		"etc/apt/apt.conf.d/99mmdebstrap",
	];
	const kept = ["etc/apt/trusted.gpg.d/debian.asc", "etc/passwd"];
	for (const file of [...hosts, ...kept]) {
		mkdirSync(dirname(join(root, file)), { recursive: true });
		writeFileSync(join(root, file), "https://user:password@mirror.example");
	}
	const hooks: string[] = [];
	await buildDebianBase({
		bin: folder.path,
		work: folder.path,
		run: async (file, args) => {
			const flag = "--customize-hook=";
			if (file === "mmdebstrap") {
				hooks.push(...args.filter((arg) => arg.startsWith(flag)).map((arg) => arg.slice(flag.length)));
			}
			return { stdout: "" };
		},
	});
	for (const hook of hooks) await execa("sh", ["-c", hook, "hook", root]);
	expect(hosts.filter((file) => existsSync(join(root, file)))).toEqual([]);
	expect(kept.filter((file) => existsSync(join(root, file)))).toEqual(kept);
});

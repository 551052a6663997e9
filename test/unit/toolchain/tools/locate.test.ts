import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { findBuild } from "../../../../toolchain/builds/goModule.ts";
import { contentKey, makeEntry } from "../../../../toolchain/cache.ts";
import type { Work } from "../../../../toolchain/steps/step.ts";
import { getTool, locate } from "../../../../toolchain/tools/locate.ts";
import { kind, type Tool } from "../../../../toolchain/tools/tools.ts";
import { temporaryFolder, writeProgram } from "../../temporary.ts";

const folder = temporaryFolder();
const old = (): string => join(folder.path, "old");
const fitting = (): string => join(folder.path, "fitting");

beforeEach(() => {
	writeProgram(join(old(), "kind"), "echo kind v0.20.0 go1.20.4 linux/amd64");
	writeProgram(join(fitting(), "kind"), "echo kind v0.33.1 go1.26.8 linux/amd64");
	vi.stubEnv("PATH", `${old()}:/usr/bin:/bin`);
});

/** kind, without a network: built by writing a file. */
const offline: Tool = {
	...kind,
	downloads: () => [],
	findBuilt: async () => findBuild(kind.build),
	makeBuilt: () => makeEntry("kind-built", contentKey("test"), async (entry) => writeFileSync(join(entry, "kind"), "")),
};
const built: Tool = { ...offline, findBuilt: () => offline.makeBuilt(work.run) };

const work: Work = {
	run: () => Promise.reject(new Error("no program is to be run")),
	part: (_, part) => part(),
	say: () => {},
	note: () => {},
	done: () => Promise.reject(new Error("no step is to be waited for")),
};

test("uses the machine's own tool if it fits, even if one that doesn't fit comes first on PATH", async () => {
	vi.stubEnv("PATH", `${old()}:${fitting()}`);
	expect(await locate(offline)).toEqual({
		what: "kind v0.33.1",
		how: `found in ${fitting()}`,
		program: join(fitting(), "kind"),
	});
});

test("finds nothing if PATH only has an older one and nothing was downloaded or built", async () => {
	expect(await locate(offline)).toBeUndefined();
});

test("prefers a download to a build", async () => {
	expect(await locate(built)).toMatchObject({ what: "kind v0.33.0", how: "built" });
	const key = contentKey("v0.33.0", process.platform, process.arch);
	const entry = await makeEntry("kind-downloaded", key, async (path) => mkdirSync(join(path, "x")));
	expect(await locate(built)).toMatchObject({ how: "downloaded", program: join(entry, "kind") });
});

/** A vendor's site: its files by path, each with its checksum beside it. */
async function vendor(files: Record<string, Buffer>) {
	const server = createServer((request, response) => {
		const [path, wanted] = (request.url ?? "").split(/(?=\.sha256$)/);
		const file = files[path ?? ""];
		if (!file) return response.writeHead(404).end();
		response.end(wanted ? createHash("sha256").update(file).digest("hex") : file);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	onTestFinished(() => {
		server.close();
	});
	return (path: string) => {
		const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
		return { url, checksums: `${url}.sha256` };
	};
}

const notBuilt = () => Promise.reject(new Error("it is not to be built"));

test("downloads a program from the first source that has it, and makes it executable", async () => {
	const at = await vendor({ "/kind-linux": Buffer.from("#!/bin/sh\necho downloaded\n") });
	const downloads = () => [at("/gone"), at("/kind-linux")];
	await getTool({ ...offline, downloads, makeBuilt: notBuilt }, work);
	const located = await locate(offline);
	expect(located).toMatchObject({ how: "downloaded" });
	expect((await execa(located?.program ?? "")).stdout).toBe("downloaded");
});

test("unpacks an archive, and finds the program in it", async () => {
	writeProgram(join(folder.path, "release/pulumi/kind"), "echo unpacked");
	const { stdout } = await execa("tar", ["-cz", "-C", join(folder.path, "release"), "pulumi"], { encoding: "buffer" });
	const at = await vendor({ "/release.tar.gz": Buffer.from(stdout) });
	const archived: Tool = { ...offline, archived: "pulumi/kind", downloads: () => [at("/release.tar.gz")] };
	const run: Work["run"] = async (file, args) => ({ stdout: String((await execa(file, args)).stdout) });
	await getTool({ ...archived, makeBuilt: notBuilt }, { ...work, run });
	expect((await execa((await locate(archived))?.program ?? "")).stdout).toBe("unpacked");
});

test("builds the program if no source has it, and finds it afterwards", async () => {
	const makeBuilt = vi.fn(offline.makeBuilt);
	await getTool({ ...built, makeBuilt }, work);
	expect(makeBuilt).toHaveBeenCalledOnce();
	expect(await locate(built)).toMatchObject({ how: "built" });
});

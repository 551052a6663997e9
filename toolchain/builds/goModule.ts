/** Builds from pinned Go modules: each folder in go/ has a go.mod and a go.sum that pin everything. */
import { readdir, readFile } from "node:fs/promises";
import { totalmem } from "node:os";
import { join } from "node:path";
import pLimit from "p-limit";
import { contentKey, findEntry, makeEntry } from "../cache.ts";
import { project } from "../layout.ts";
import type { Run } from "../run.ts";
import { SetupError } from "../setupError.ts";
import { isAtLeast, type Version } from "../version.ts";
import { canBuild, findGo, installGo, leastGo } from "./goCommand.ts";

export interface GoBuild {
	/** The folder in go/, and the cache entry's name. */
	name: string;
	/** Packages with a main function. The last part of the path is the program's name. */
	packages: string[];
	/** Further flags of the compiler. They aren't part of the cache key: use only those that don't change what the program does. */
	gcflags?: string;
	/** Further linker flags; `{version}` stands for the module's version. */
	ldflags?: string;
	/** The module whose version in go.mod is the program's. */
	module: string;
	/** The program's name if it isn't the package's. Only for builds of one package. */
	program?: string;
}

/** In bytes. */
const memory = totalmem();
const isLarge = memory >= 15 * 2 ** 30;

/** Without garbage collection the compiler needs 9 % less processor time. */
const collectorSettings = isLarge ? { GOGC: "off", GOMEMLIMIT: `${Math.floor(memory / 8)}B` } : {};

const folderOf = (build: GoBuild): string => join(project, "toolchain", "go", build.name);

/** The version that go.mod pins: v1.36.3. */
export async function moduleVersion(build: GoBuild): Promise<string> {
	const goMod = await readFile(join(folderOf(build), "go.mod"), "utf8");
	const requirement = new RegExp(`^(?:require)?\\s*${build.module.replaceAll(".", "\\.")} (v\\S+)`, "m");
	const version = requirement.exec(goMod)?.[1];
	if (!version) throw new Error(`toolchain/go/${build.name}/go.mod does not require ${build.module}`);
	return version;
}

async function linkerFlags(build: GoBuild): Promise<string> {
	return `-s -w ${build.ldflags ?? ""}`.trim().replaceAll("{version}", await moduleVersion(build));
}

/** The build's key in the cache. A newer Go doesn't change it, because rebuilding takes minutes. */
export async function buildKey(build: GoBuild): Promise<string> {
	const read = (file: string) => readFile(join(folderOf(build), file), "utf8");
	const files = await readdir(folderOf(build), { recursive: true });
	const sources = files.filter((file) => file.endsWith(".go")).sort();
	const pinned = await Promise.all([read("go.mod"), read("go.sum"), linkerFlags(build), ...sources.map(read)]);
	return contentKey(...pinned, ...build.packages, build.program ?? "", process.platform, process.arch);
}

/** The folder with the programs, if they are in the cache. */
export async function findBuild(build: GoBuild): Promise<string | undefined> {
	return findEntry(build.name, await buildKey(build));
}

/** Builds the programs unless they are in the cache. @returns their folder */
export async function makeBuild(build: GoBuild, run: Run): Promise<string> {
	return makeEntry(build.name, await buildKey(build), async (folder) => {
		await requireGo(build);
		// The linker leaves out what a debugger needs (-s -w): without writing it first, the compiler needs 10 % less time.
		const gcflags = `-gcflags=all=-dwarf=false ${build.gcflags ?? ""}`.trim();
		const flags = ["-trimpath", gcflags, "-ldflags", await linkerFlags(build)];
		const output = build.program ? join(folder, build.program) : `${folder}/`;
		await run("go", ["build", ...flags, "-o", output, ...build.packages], {
			cwd: folderOf(build),
			// Not the user's workspace and flags.
			env: { CGO_ENABLED: "0", GOFLAGS: "-mod=readonly -buildvcs=false", GOWORK: "off", ...collectorSettings },
		});
	});
}

/** The oldest Go that can build every module. */
export async function leastGoOfAll(): Promise<Version> {
	const modules = await readdir(join(project, "toolchain", "go"));
	const versions = await Promise.all(modules.map((name) => leastGo(join(project, "toolchain", "go", name))));
	return versions.reduce((least, version) => (isAtLeast(version, least) ? version : least));
}

async function requireGo(build: GoBuild): Promise<void> {
	const [go, least] = await Promise.all([findGo(), leastGo(folderOf(build))]);
	if (canBuild(go, least)) return;
	const lack = go ? `is ${go.version.join(".")} and GOTOOLCHAIN keeps it from fetching a newer one` : "isn't on PATH";
	throw new SetupError(`${build.name} can't be downloaded, and can't be built: Go ${lack}`, installGo(least));
}

/** Two builds at once keep the processors busy while one of them links or downloads; small machines lack the memory. */
export const limitBuilds = pLimit(isLarge ? 2 : 1);

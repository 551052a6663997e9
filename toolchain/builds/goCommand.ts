/** Go, which builds what cannot be had ready-made: whether this machine's can build a module. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { z } from "zod";
import { findPrograms, systemPath } from "../path.ts";
import { isAtLeast, parseVersion, type Version } from "../version.ts";

export interface Go {
	version: Version;
	/** It gets a newer Go by itself, as a module, where one is asked for: https://go.dev/doc/toolchain */
	fetches: boolean;
}

const Settings = z.object({ GOVERSION: z.string(), GOTOOLCHAIN: z.string() });

/** @param said what `go env -json GOVERSION GOTOOLCHAIN` prints; a Go older than 1.21 knows no GOTOOLCHAIN: "" */
export function readGo(said: string): Go | undefined {
	const { GOVERSION, GOTOOLCHAIN } = Settings.parse(JSON.parse(said));
	const version = parseVersion(GOVERSION);
	return version && { version, fetches: /(^|\+)auto$/.test(GOTOOLCHAIN) };
}

/** The machine's Go; undefined where there is none that tells its version. */
export async function findGo(): Promise<Go | undefined> {
	if (findPrograms("go").length === 0) return undefined;
	// In a folder of no module: in one that asks for a newer Go, it would fetch that at once.
	const options = { cwd: "/", reject: false, timeout: 10_000, env: { PATH: systemPath() } } as const;
	const { stdout, failed } = await execa("go", ["env", "-json", "GOVERSION", "GOTOOLCHAIN"], options);
	return failed ? undefined : readGo(stdout);
}

/** The oldest Go that builds the module in a folder: what its go.mod says. */
export async function leastGo(folder: string): Promise<Version> {
	const directive = /^go (\S+)$/m.exec(await readFile(join(folder, "go.mod"), "utf8"))?.[1];
	const version = directive === undefined ? undefined : parseVersion(directive);
	if (!version) throw new Error(`${folder}/go.mod does not say which Go it needs`);
	return version;
}

export const canBuild = (go: Go | undefined, least: Version): boolean =>
	go !== undefined && (go.fetches || isAtLeast(go.version, least));

/** Whether the machine's Go, or one that it fetches, builds the module in a folder. */
export async function hasGo(folder: string): Promise<boolean> {
	const [go, least] = await Promise.all([findGo(), leastGo(folder)]);
	return canBuild(go, least);
}

export const installGo = (least: Version): string =>
	`install Go ${least.join(".")} or newer (https://go.dev/doc/install)`;

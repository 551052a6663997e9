/** The machine's Go, and which modules it can build. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { z } from "zod";
import { findPrograms, systemPath } from "../path.ts";
import { isAtLeast, parseVersion, type Version } from "../version.ts";

export interface Go {
	version: Version;
	/** Whether it downloads a newer Go if a module requires one: https://go.dev/doc/toolchain */
	fetches: boolean;
}

const Settings = z.object({ GOVERSION: z.string(), GOTOOLCHAIN: z.string() });

/** @param output of `go env -json GOVERSION GOTOOLCHAIN`; before Go 1.21, GOTOOLCHAIN is "" */
export function readGo(output: string): Go | undefined {
	const { GOVERSION, GOTOOLCHAIN } = Settings.parse(JSON.parse(output));
	const version = parseVersion(GOVERSION);
	return version && { version, fetches: /(^|\+)auto$/.test(GOTOOLCHAIN) };
}

/** The machine's Go; undefined if there is none or it fails. */
export async function findGo(): Promise<Go | undefined> {
	if (findPrograms("go").length === 0) return undefined;
	// In a module that requires a newer Go, it would download that one.
	const options = { cwd: "/", reject: false, timeout: 10_000, env: { PATH: systemPath() } } as const;
	const { stdout, failed } = await execa("go", ["env", "-json", "GOVERSION", "GOTOOLCHAIN"], options);
	return failed ? undefined : readGo(stdout);
}

/** The oldest Go that can build the module in a folder, by its go.mod. */
export async function leastGo(folder: string): Promise<Version> {
	const directive = /^go (\S+)$/m.exec(await readFile(join(folder, "go.mod"), "utf8"))?.[1];
	const version = directive === undefined ? undefined : parseVersion(directive);
	if (!version) throw new Error(`${folder}/go.mod has no go directive`);
	return version;
}

export const canBuild = (go: Go | undefined, least: Version): boolean =>
	go !== undefined && (go.fetches || isAtLeast(go.version, least));

/** Whether the machine's Go, or one that it downloads, can build the module in a folder. */
export async function hasGo(folder: string): Promise<boolean> {
	const [go, least] = await Promise.all([findGo(), leastGo(folder)]);
	return canBuild(go, least);
}

export const installGo = (least: Version): string =>
	`install Go ${least.join(".")} or newer (https://go.dev/doc/install)`;

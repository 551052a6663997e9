/** Debian packages that set-up installs, and the record of them by which `npm run clean` removes them again. */
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { machineState } from "../layout.ts";
import { findPrograms, systemPath } from "../path.ts";
import type { Run } from "../run.ts";
import { SetupError } from "../setupError.ts";

const record = join(machineState, "installed-packages");
const env = { DEBIAN_FRONTEND: "noninteractive" };

/** The packages that set-up installed on this machine, dependencies included. */
async function recordedPackages(): Promise<string[]> {
	if (!existsSync(record)) return [];
	return (await readFile(record, "utf8")).split("\n").filter((name) => name !== "");
}

/** Whether set-up installed this machine's Docker engine: the record also has what tests alone need. */
export const installedEngine = async (): Promise<boolean> => (await recordedPackages()).includes("docker.io");

/** The packages that apt-get's simulation would install; those that it would upgrade name their old version. */
export function newPackages(simulation: string): string[] {
	return [...simulation.matchAll(/^Inst (\S+) \(/gm)].map(([, name]) => name ?? "");
}

export const isDebian = (): boolean =>
	existsSync("/etc/os-release") && /^ID=debian$/m.test(readFileSync("/etc/os-release", "utf8"));

/**
 * Makes sure of a program that is named as its package is. It is installed only on a machine whose Docker engine set-up
 * installed too; on others that is for their owner to do.
 */
export async function requireProgram(name: string, purpose: string, run: Run): Promise<void> {
	if (findPrograms(name).length > 0) return;
	const mayInstall = process.getuid?.() === 0 && isDebian() && (await installedEngine());
	if (!mayInstall) throw new SetupError(`${purpose} needs ${name}`, `run \`sudo apt-get install ${name}\``);
	await installPackages([name], run);
}

/** Installs packages, as root, and records first which they are, dependencies included. */
export async function installPackages(names: string[], run: Run): Promise<void> {
	// A set-up that was killed may have left dpkg half-way.
	if (existsSync(record)) await run("dpkg", ["--configure", "--pending"], { env });
	// Another apt may be at work (unattended upgrades).
	const apt = (...args: string[]) => run("apt-get", ["--option", "DPkg::Lock::Timeout=300", ...args], { env });
	await apt("update");
	const install = ["install", "--yes", "--no-install-recommends"];
	const { stdout } = await apt(...install, "--simulate", ...names);
	await mkdir(machineState, { recursive: true });
	const packages = new Set([...(await recordedPackages()), ...newPackages(stdout)]);
	await writeFile(record, `${[...packages].sort().join("\n")}\n`);
	await apt(...install, ...names);
}

/** The recorded packages that are still installed. */
async function installedPackages(): Promise<string[]> {
	const recorded = await recordedPackages();
	if (recorded.length === 0) return [];
	// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
	const query = ["--show", "--showformat", "${Package} ${db:Status-Status}\n", ...recorded];
	// dpkg-query fails where one of them is unknown by now, and prints the others all the same.
	const { stdout } = await execa("dpkg-query", query, { reject: false });
	return [...stdout.matchAll(/^(\S+) installed$/gm)].map(([, name]) => name ?? "");
}

/** Why dpkg would refuse to remove the packages that set-up installed: what else needs them. Undefined: it would not. */
export async function whyPackagesStay(): Promise<string | undefined> {
	const installed = await installedPackages();
	if (installed.length === 0) return undefined;
	const options = { reject: false, env: { PATH: systemPath(), LC_ALL: "C" } } as const;
	const { failed, stderr } = await execa("dpkg", ["--simulate", "--remove", ...installed], options);
	if (!failed) return undefined;
	const needs = [...stderr.matchAll(/^ (\S+ depends on \S+)/gm)].map(([, need]) => need);
	return needs.join(", ") || stderr.trim();
}

/**
 * Removes the packages that set-up installed. dpkg refuses where something else needs one of them; apt-get would remove
 * that too.
 */
export async function removePackages(run: Run): Promise<string[]> {
	const installed = await installedPackages();
	if (installed.length > 0) await run("dpkg", ["--remove", ...installed], { env });
	return installed;
}

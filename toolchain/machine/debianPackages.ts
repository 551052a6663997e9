/** The Debian packages that set-up installs, and the record that `npm run clean` removes them by. */
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

/** The packages that set-up installed, with dependencies. */
async function recordedPackages(): Promise<string[]> {
	if (!existsSync(record)) return [];
	return (await readFile(record, "utf8")).split("\n").filter((name) => name !== "");
}

/** Whether set-up installed the Docker engine. The record also has packages that only tests need. */
export const installedEngine = async (): Promise<boolean> => (await recordedPackages()).includes("docker.io");

/** The packages that apt-get would install. Lines about upgrades name the old version. */
export function newPackages(simulation: string): string[] {
	return [...simulation.matchAll(/^Inst (\S+) \(/gm)].map(([, name]) => name ?? "");
}

export const isDebian = (): boolean =>
	existsSync("/etc/os-release") && /^ID=debian$/m.test(readFileSync("/etc/os-release", "utf8"));

/** Installs a program whose package has its name, but only on a machine whose Docker engine set-up installed, too. */
export async function requireProgram(name: string, purpose: string, run: Run): Promise<void> {
	if (findPrograms(name).length > 0) return;
	const mayInstall = process.getuid?.() === 0 && isDebian() && (await installedEngine());
	if (!mayInstall) throw new SetupError(`${purpose} needs ${name}`, `run \`sudo apt-get install ${name}\``);
	await installPackages([name], run);
}

/** Records and installs packages with their dependencies, as root. */
export async function installPackages(names: string[], run: Run): Promise<void> {
	// A killed set-up may have left dpkg unfinished.
	if (existsSync(record)) await run("dpkg", ["--configure", "--pending"], { env });
	// Another apt may be running (unattended upgrades).
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
	// dpkg-query fails if it doesn't know one of them, and still prints the others.
	const { stdout } = await execa("dpkg-query", query, { reject: false });
	return [...stdout.matchAll(/^(\S+) installed$/gm)].map(([, name]) => name ?? "");
}

/** What keeps dpkg from removing the packages that set-up installed; undefined if nothing does. */
export async function whyPackagesStay(): Promise<string | undefined> {
	const installed = await installedPackages();
	if (installed.length === 0) return undefined;
	const options = { reject: false, env: { PATH: systemPath(), LC_ALL: "C" } } as const;
	const { failed, stderr } = await execa("dpkg", ["--simulate", "--remove", ...installed], options);
	if (!failed) return undefined;
	const needs = [...stderr.matchAll(/^ (\S+ depends on \S+)/gm)].map(([, need]) => need);
	return needs.join(", ") || stderr.trim();
}

/** Removes the packages that set-up installed. Unlike apt-get, dpkg doesn't remove what depends on them. */
export async function removePackages(run: Run): Promise<string[]> {
	const installed = await installedPackages();
	if (installed.length > 0) await run("dpkg", ["--remove", ...installed], { env });
	return installed;
}

import { writeFile } from "node:fs/promises";
import type { Run } from "../run.ts";
import { type ImageContext, images } from "./context.ts";
import { clientPackages } from "./dnsutils.ts";
import { dockerImport } from "./imageBuild.ts";

/** Debian 12's systemd runs on cgroup v1 and v2; Debian 13's doesn't run on v1. */
const suite = "bookworm";

const nodePackages = [
	"systemd",
	"systemd-sysv",
	"containernetworking-plugins",
	"runc",
	"kmod",
	"mount",
	"procps",
	"hostname",
];

/** The CNI plugins that the node's network uses; the package has 12 more, 2 to 7 MB each. */
const cniPlugins = ["host-local", "loopback", "portmap", "ptp"];

/** Not unpacked from the packages. The licences require the copyright files. */
const excludedPaths = [
	"/usr/share/doc/*",
	"/usr/share/info/*",
	"/usr/share/locale/*",
	"/usr/share/man/*",
	"/usr/share/bash-completion/*",
	"/usr/share/zsh/*",
	"/usr/lib/cni/*",
	// Without it iptables and ss show ports as numbers: 8080, not http-alt.
	"/etc/services",
];
const includedPaths = ["/usr/share/doc/*/copyright", ...cniPlugins.map((plugin) => `/usr/lib/cni/${plugin}`)];

/**
 * Makes one Debian root file system for the node and dnsutils from Debian packages only, and imports it as an image. It
 * needs root and mmdebstrap.
 */
export async function buildDebianBase({ work, run }: ImageContext): Promise<void> {
	const archive = `${work}/debian.tar`;
	const aptSettings = `${work}/apt.conf`;
	await writeFile(aptSettings, await hostAptSettings(run));
	await run("mmdebstrap", [
		"--variant=essential",
		`--include=${[...nodePackages, ...clientPackages].join(",")}`,
		`--aptopt=${aptSettings}`,
		...excludedPaths.map((path) => `--dpkgopt=path-exclude=${path}`),
		...includedPaths.map((path) => `--dpkgopt=path-include=${path}`),
		// Links /bin to /usr/bin and so on before the packages: otherwise one installs usrmerge with 47 MB of Perl.
		"--hook-directory=/usr/share/mmdebstrap/hooks/merged-usr",
		// Settings of the building machine, such as its mirrors and proxy, perhaps with passwords.
		'--customize-hook=rm --force "$1"/etc/apt/apt.conf.d/99mmdebstrap "$1"/etc/hostname "$1"/etc/resolv.conf',
		'--customize-hook=rm --recursive --force "$1"/etc/apt/sources.list "$1"/etc/apt/sources.list.d/*',
		'--customize-hook=rm --recursive --force "$1"/var/cache/debconf "$1"/var/log/apt',
		suite,
		archive,
		...(await hostMirrors(run)),
	]);
	await dockerImport(run, images.debian, archive);
}

/** This machine's apt settings for reaching its mirrors (proxy, timeouts, date checks), in apt.conf's format. */
async function hostAptSettings(run: Run): Promise<string> {
	const { stdout } = await run("apt-config", ["dump", "Acquire"]);
	return `APT::Install-Recommends "false";\n${stdout}\n`;
}

/** This machine's mirrors of the suite. Empty if it runs another suite: mmdebstrap then uses Debian's. */
async function hostMirrors(run: Run): Promise<string[]> {
	const { stdout } = await run("apt-get", [
		"indextargets",
		"--format",
		"deb $(REPO_URI) $(RELEASE) main",
		"Created-By: Packages",
		"Origin: Debian",
		"Component: main",
	]);
	const lines = stdout.split("\n").filter((line) => line.includes(` ${suite}`));
	return [...new Set(lines)];
}

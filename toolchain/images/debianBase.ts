import { writeFile } from "node:fs/promises";
import type { Run } from "../run.ts";
import { type ImageContext, images } from "./context.ts";
import { clientPackages } from "./dnsutils.ts";
import { dockerImport } from "./imageBuild.ts";

/** Debian 12's systemd runs on cgroup v1 and v2; that of Debian 13 refuses v1. */
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

/** Left out while packages are unpacked; copyright files stay, as the licences ask. */
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
 * Makes one Debian root file system with what the node and dnsutils need, from Debian packages alone, and imports it
 * as an image. Needs root and mmdebstrap.
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
		// Links /bin to /usr/bin and so on before packages come, so that none installs usrmerge with 47 MB of Perl.
		"--hook-directory=/usr/share/mmdebstrap/hooks/merged-usr",
		// What belongs to the machine that built it, such as its mirrors and proxy, perhaps with passwords.
		'--customize-hook=rm --force "$1"/etc/apt/apt.conf.d/99mmdebstrap "$1"/etc/hostname "$1"/etc/resolv.conf',
		'--customize-hook=rm --recursive --force "$1"/etc/apt/sources.list "$1"/etc/apt/sources.list.d/*',
		'--customize-hook=rm --recursive --force "$1"/var/cache/debconf "$1"/var/log/apt',
		suite,
		archive,
		...(await hostMirrors(run)),
	]);
	await dockerImport(run, images.debian, archive);
}

/** How this machine's apt reaches its mirrors (proxy, timeouts, date checks), in the words of apt.conf. */
async function hostAptSettings(run: Run): Promise<string> {
	const { stdout } = await run("apt-config", ["dump", "Acquire"]);
	return `APT::Install-Recommends "false";\n${stdout}\n`;
}

/** This machine's own mirrors of the suite; empty where it runs another one: mmdebstrap then takes Debian's. */
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

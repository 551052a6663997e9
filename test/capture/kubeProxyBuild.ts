/** Builds kube-proxy of other versions than set-up's from the Go module proxy. */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { execa } from "execa";

/** The version that set-up builds (toolchain/go/kubernetes). */
const own = "1.36.3";

/**
 * The newest patch of each minor version that kind 0.33 has an image for (1.34 to 1.37), as far as the Go module proxy has
 * them: `go list -m -versions k8s.io/kubernetes`.
 */
export const captureVersions = ["1.34.4", "1.35.4", own, "1.37.2"];

/** @param wanted minor versions such as 1.35, or exact ones @default all @throws unless each is one or the other */
export function versionsOf(wanted: readonly string[]): string[] {
	if (wanted.length === 0) return captureVersions;
	return wanted.map((text) => {
		const known = captureVersions.find((version) => version === text || version.startsWith(`${text}.`));
		if (known !== undefined) return known;
		if (/^1\.\d+\.\d+$/.test(text)) return text;
		throw new Error(
			`version: got "${text}", allowed: ${captureVersions.join(", ")}, their minor versions, or an exact version such as 1.35.4; fix: npm run fixtures -- 1.35`,
		);
	});
}

/**
 * The module that builds kube-proxy of a version: in the repository of Kubernetes, its libraries are folders.
 * @param goMod of k8s.io/kubernetes
 */
export function moduleFor(version: string, goMod: string): string {
	const libraries = [...goMod.matchAll(/^\s*(k8s\.io\/\S+) => \.\/staging\/\S+$/gm)].map(([, name]) => name);
	const go = /^go (\S+)$/m.exec(goMod)?.[1] ?? "1.24";
	return [
		"module nodeport-lab.example/kube-proxy",
		`go ${go}`,
		`require k8s.io/kubernetes v${version}`,
		...libraries.map((name) => `replace ${name} => ${name} v${version.replace(/^1\./, "0.")}`),
		"",
	].join("\n");
}

/** @param target where the program is to be @param setUp set-up's program, which contains its version's kube-proxy */
export async function buildKubeProxy(version: string, target: string, setUp: string): Promise<void> {
	await rm(target, { force: true });
	if (version === own) return symlink(basename(setUp), target);
	const folder = await mkdtemp(join(tmpdir(), "nodeport-lab-kube-proxy-"));
	// Exact versions come from Kubernetes' own go.mod; the checksum database verifies what is downloaded.
	const env = { CGO_ENABLED: "0", GOFLAGS: "-mod=mod -buildvcs=false", GOWORK: "off" };
	const go = (...args: string[]) => execa("go", args, { cwd: folder, env, stderr: 2 });
	try {
		await writeFile(join(folder, "go.mod"), "module nodeport-lab.example/kube-proxy\n");
		const { stdout } = await go("mod", "download", "-json", `k8s.io/kubernetes@v${version}`);
		const { GoMod: path } = JSON.parse(stdout) as { GoMod: string };
		await writeFile(join(folder, "go.mod"), moduleFor(version, await readFile(path, "utf8")));
		const [major, minor] = version.split(".");
		const names = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor };
		const flags = Object.entries(names).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`);
		const built = join(folder, "kube-proxy");
		const debug = ["-trimpath", "-gcflags=all=-dwarf=false"];
		await go(
			"build",
			...debug,
			"-ldflags",
			`-s -w ${flags.join(" ")}`,
			"-o",
			built,
			"k8s.io/kubernetes/cmd/kube-proxy",
		);
		await cp(built, target);
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

/**
 * Captures the rules that real kube-proxies write again, for the tests of the walk: `npm run fixtures` for every version
 * that the Go module proxy has a kube-proxy of and kind has an image for, `npm run fixtures -- 1.35 1.37.2` for some.
 * It needs the lab's node image and the programs that set-up builds for it, and writes to test/fixtures/rules/captured.
 */
import { generateKeyPairSync } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { parseArguments } from "../../cli/arguments.ts";
import { command } from "../../lib/programs/command.ts";
import { findBuild, makeBuild } from "../../toolchain/builds/goModule.ts";
import { nodeBuilds } from "../../toolchain/builds/nodePrograms.ts";
import { images } from "../../toolchain/images/context.ts";
import { layout } from "../../toolchain/layout.ts";
import { logTo } from "../../toolchain/run.ts";
import { withLock } from "../../toolchain/steps/setupLock.ts";
import { buildKubeProxy, versionsOf } from "./kubeProxyBuild.ts";

const rules = join(import.meta.dirname, "..", "fixtures", "rules");
const say = (line: string): void => void process.stderr.write(`${line}\n`);

await command(async () => {
	const { positionals } = parseArguments("npm run fixtures -- [<version> …]", { allowPositionals: true });
	const versions = versionsOf(positionals);
	const work = await mkdtemp(join(tmpdir(), "nodeport-lab-capture-"));
	try {
		await prepare(work);
		for (const version of versions) {
			say(`kube-proxy ${version}: building`);
			await buildKubeProxy(version, join(work, "in", "kube-proxy"), setUpProgram(work));
			say(`kube-proxy ${version}: capturing its rules in a container`);
			await capture(work);
			const captured = await readdir(join(work, "out"));
			const strange = captured.filter((name) => !name.startsWith(`${version}.`));
			if (captured.length === 0 || strange.length > 0)
				throw new Error(`capture.sh wrote ${captured.join(", ") || "nothing"}, expected: files of version ${version}`);
			await cp(join(work, "out"), join(rules, "captured"), { recursive: true });
			console.log(captured.map((name) => `test/fixtures/rules/captured/${name}`).join("\n"));
		}
		return 0;
	} finally {
		await rm(work, { recursive: true, force: true });
	}
});

/** One program with all of Kubernetes' servers; its name selects one. */
function setUpProgram(work: string): string {
	return join(work, "in", "kubernetes");
}

/** Puts what capture.sh needs, except kube-proxy, into the folder `in`. */
async function prepare(work: string): Promise<void> {
	const [input, bin] = [join(work, "in"), join(work, "bin")];
	await mkdir(input);
	await mkdir(bin);
	await mkdir(layout.logs, { recursive: true });
	const run = logTo(join(layout.logs, "fixtures.log"));
	const builds = nodeBuilds.filter(({ name }) => name !== "containerd");
	for (const build of builds) {
		const folder = (await findBuild(build)) ?? (await withLock(say, () => makeBuild(build, run)));
		for (const program of await readdir(folder)) await cp(join(folder, program), join(input, program));
	}
	await symlink("kubernetes", join(input, "kube-apiserver"));
	for (const file of ["capture.sh", "objects.yaml"]) await cp(join(rules, file), join(input, file));
	const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
	await writeFile(join(input, "key"), privateKey.export({ type: "pkcs1", format: "pem" }));
}

/** Runs capture.sh in a container, whose kernel rules are its own. */
async function capture(work: string): Promise<void> {
	const programs = "./etcd ./kube-apiserver ./kubectl ./kube-proxy";
	const script = `mkdir /captured && cd /capture && exec bash capture.sh ${programs} key /captured`;
	const options = ["--privileged", "--network", "none", "--entrypoint", "bash", images.node, "-c", script];
	const { stdout: container } = await execa("docker", ["create", ...options]);
	try {
		await execa("docker", ["cp", join(work, "in"), `${container}:/capture`]);
		await execa("docker", ["start", "--attach", container], { stdio: ["ignore", 2, 2] });
		await rm(join(work, "out"), { recursive: true, force: true });
		await execa("docker", ["cp", `${container}:/captured`, join(work, "out")]);
	} finally {
		await execa("docker", ["rm", "--force", "--volumes", container]);
	}
}

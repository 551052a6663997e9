import { existsSync } from "node:fs";
import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { hostname, release } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { project } from "../../../../toolchain/layout.ts";
import { ApiServer } from "../../apiServer.ts";
import { program, scratchFolder } from "../../fakePrograms.ts";

// Runs the command as npm does. The docker executable is a script that prints files of a folder.
scratchFolder(async () => {
	await mkdir("answers");
	await mkdir("tools");
	for (const tool of ["cat", "sh"]) await symlink(`/bin/${tool}`, `tools/${tool}`);
	await cp(join(project, "Pulumi.yaml"), "Pulumi.yaml");
	const failure = `[ "$1" = cp ] && echo "Could not find the file" >&2 || echo "$1: refused" >&2; exit 1`;
	await program("docker", `cat "$ANSWERS/$1" 2>/dev/null || { ${failure}; }`);
});

const info = { ServerVersion: "27.1.0", CgroupVersion: "2", MemTotal: 16 * 2 ** 30, Name: "elsewhere" };
const networks = [{ Name: "kind", Id: "9556eca585dc", IPAM: { Config: [{ Subnet: "172.19.0.0/16" }] }, Options: {} }];
const counted = "match comment\t\nnfacct\tRULE_APPEND failed\nNETLINK_ACCT\tCONFIG_NETFILTER_NETLINK_ACCT=y\ntried";

/** What docker prints, by its first argument; it fails for others. */
async function answers(all: Record<string, unknown>): Promise<void> {
	for (const [command, answer] of Object.entries(all)) {
		await writeFile(join("answers", command), typeof answer === "string" ? answer : JSON.stringify(answer));
	}
}

const doctor = (...args: string[]) =>
	execa(process.execPath, ["--import", import.meta.resolve("tsx"), join(project, "cli/doctor.ts"), ...args], {
		reject: false,
		extendEnv: false,
		env: {
			PATH: `${process.cwd()}/bin:${process.cwd()}/tools`,
			ANSWERS: join(process.cwd(), "answers"),
			XDG_CACHE_HOME: join(process.cwd(), "cache"),
			HOME: process.cwd(),
			COLUMNS: "1000",
		},
	});

describe("with a complete engine", () => {
	beforeEach(() => answers({ info, ps: "", network: networks, run: counted }));

	it("prints all findings, and succeeds", async () => {
		const { stdout, stderr, exitCode } = await doctor();
		expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
		for (const line of [
			/^ok +Docker engine +version 27\.1\.0, not on this machine itself$/m,
			/^ok +control groups +cgroup v2$/m,
			/^ok +kernel rules +the kernel accepts match comment, /m,
			/^ok +networks +nodes: 172\.19\.0\.0\/16; /m,
			/^ok +cluster +no kind cluster is named "nodeport" yet$/m,
			/^ok +configuration +Pulumi\.dev\.yaml and the defaults are valid$/m,
			/^ok +node addresses +with an engine in a virtual machine, this machine can't reach node addresses/m,
			/^ok +proxy +HTTP_PROXY and HTTPS_PROXY aren't set$/m,
			/^Preflight passed/m,
		]) {
			expect(stdout).toMatch(line);
		}
	});

	it("with --brief prints warnings only, to stderr, and after the first verification nothing", async () => {
		await answers({ network: "no JSON" });
		const { stdout, stderr, exitCode } = await doctor("--brief");
		expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 0 });
		expect(stderr).not.toMatch(/^ok/m);
		expect(stderr).toMatch(/^warning +networks +could not be checked: /m);
		expect(stderr).toMatch(/^Preflight passed with \d+ warnings?\.$/m);
		await mkdir("out");
		await writeFile("out/verification.json", "{}");
		expect(await doctor("--brief")).toMatchObject({ stdout: "", stderr: "", exitCode: 0 });
	});

	it.each([
		[
			"kernel's nfacct",
			{
				run: counted.replace("RULE_APPEND failed", "Extension nfacct revision 0 not supported, missing kernel module?"),
			},
			/^stop +kernel nfacct .*kubernetes#142068.*\n +fix: (sudo )?modprobe xt_nfacct \|\| pulumi config set kubeProxyMode nftables$/m,
		],
		[
			"foreign cluster",
			{
				ps: "11c735757601",
				inspect: [
					{
						Name: "/nodeport-control-plane",
						State: { Status: "running", StartedAt: "2026-01-01T00:00:00Z" },
						Config: { Labels: { "io.x-k8s.kind.cluster": "nodeport" } },
						Mounts: [],
						NetworkSettings: { Networks: {} },
					},
				],
			},
			/^stop +cluster +a kind cluster named "nodeport" already exists and isn't managed by this project;/m,
		],
		[
			"cgroup version 1 on a rootless engine",
			{ info: { ...info, CgroupVersion: "1", SecurityOptions: ["name=rootless"] } },
			/^stop +control groups /m,
		],
	])("a %s is an error, with --brief too", async (_, change, line) => {
		await answers(change);
		for (const args of [[], ["--brief"]]) {
			const { stdout, stderr, exitCode } = await doctor(...args);
			expect(`${stdout}${stderr}`).toMatch(line);
			expect(exitCode).toBe(1);
		}
	});

	it("reports all configuration errors, and runs the other checks", async () => {
		await writeFile("Pulumi.dev.yaml", "config:\n  nodeport-lab:nodePort: 80\n  nodeport-lab:colour: red\n");
		const { stdout, exitCode } = await doctor();
		expect(stdout).toMatch(/^stop +configuration +Pulumi\.dev\.yaml: the configuration has 2 errors/m);
		expect(stdout).toMatch(/nodePort: got "80".*fix: pulumi config set nodePort 30040/);
		expect(stdout).toMatch(/colour: got "red"/);
		expect(stdout).toMatch(/^ok +Docker engine/m);
		expect(exitCode).toBe(1);
	});

	it("a check that fails is a warning with the reason", async () => {
		await answers({ network: "no JSON" });
		const { stdout, exitCode } = await doctor();
		expect(stdout).toMatch(/^warning +networks +could not be checked: /m);
		expect(exitCode).toBe(0);
	});
});

it.runIf(process.platform === "linux")("checks this machine if the engine is on it", async () => {
	const here = { ...info, Name: hostname(), KernelVersion: release(), DockerRootDir: process.cwd() };
	await answers({ info: here, ps: "", network: networks, run: counted });
	const { stdout } = await doctor();
	expect(stdout).toMatch(/memory +\d+\.\d GiB free of 16\.0 GiB/);
	expect(stdout).toMatch(/disk +\d+\.\d GiB free for the engine's data/);
	expect(stdout).toMatch(/inotify +\d+ instances per user/);
	expect(stdout).toMatch(/inotify +\d+ watches per user/);
});

it("without an engine, skips the checks that need one", async () => {
	const { stdout, exitCode } = await doctor();
	expect(stdout).toMatch(/^(stop|warning) +Docker engine .*checks run once it is up$/m);
	expect(stdout).not.toMatch(/^ok +(cluster|networks) /m);
	expect(exitCode).toBe(/^stop/m.test(stdout) ? 1 : 0);
});

describe("for an existing cluster", () => {
	let server: ApiServer;
	const settings = (...lines: string[]) =>
		writeFile(
			"Pulumi.dev.yaml",
			`config:\n${["cluster: existing", ...lines].map((line) => `  nodeport-lab:${line}\n`).join("")}`,
		);

	beforeEach(async () => {
		await program("docker", "touch called");
		server = new ApiServer();
		server.intercept = ({ path }) =>
			path.endsWith("reviews") ? { status: 201, body: { status: { allowed: true } } } : undefined;
		const metadata = { name: "w1", labels: { "kubernetes.io/hostname": "w1" } };
		const status = { conditions: [{ type: "Ready", status: "True" }] };
		server.objects.set("/api/v1/namespaces/kube-system", { metadata: { uid: "u" } });
		server.objects.set("/api/v1/namespaces/kube-system/pods", { items: [] });
		server.objects.set("/api/v1/nodes", { items: [{ metadata, spec: {}, status }] });
		await writeFile("kubeconfig", await server.start());
	});
	afterEach(() => server.stop());

	it("doesn't need an engine", async () => {
		await settings("kubeconfig: kubeconfig", "context: test");
		const { stdout, exitCode } = await doctor();
		expect(stdout).toMatch(/^ok +cluster +"test" can be reached: 1 nodes; rules are read by NodeProbe/m);
		expect(stdout).toMatch(
			/^warning +images +echoImage is nodeport-lab.*isn't in a registry.*\n +fix: pulumi config set/m,
		);
		expect(stdout).toMatch(/agnhost:2\.53 can be the dnsutilsImage, but lacks iptables, nft and conntrack/);
		expect(stdout).toContain("pulumi config set dnsutilsImage registry.k8s.io/e2e-test-images/agnhost:2.53");
		expect(stdout).not.toMatch(/Docker engine|memory|hostPort/);
		expect({ exitCode, called: existsSync("called") }).toEqual({ exitCode: 0, called: false });
	});

	it("reports a missing cluster and an invalid configuration, without an engine", async () => {
		await settings("kubeconfig: none", "context: test");
		expect(await doctor()).toMatchObject({
			exitCode: 1,
			stdout: expect.stringMatching(/^stop +cluster +none doesn't exist/m),
		});
		await settings("workers: 7");
		expect((await doctor()).stdout).toMatch(/^stop +configuration .*3 errors/m);
		expect(existsSync("called")).toBe(false);
	});
});

it.each(["--bref", "brief"])("refuses the argument %s, and checks nothing", async (argument) => {
	const { stdout, stderr, exitCode } = await doctor(argument);
	expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
	expect(stderr).toMatch(/^error: .*'(--bref|brief)'.*; usage: npm run doctor \[-- --brief\]$/);
});

it("npm start runs it first: an error ends npm start before set-up", async () => {
	const env = { DOCKER_HOST: "tcp://127.0.0.1:9", PULUMI_STACK: "dev", COLUMNS: "1000" };
	const { stdout, stderr, exitCode } = await execa("npm", ["start"], { cwd: project, reject: false, env });
	expect(stderr).toMatch(/^stop +Docker engine +the Docker engine at tcp:\/\/127\.0\.0\.1:9 doesn't answer/m);
	// Set-up would print to stderr, npm start itself also to stdout.
	expect(stdout).not.toMatch(/set-up/i);
	expect(stderr.trimEnd().split("\n").at(-1)).toMatch(/^Preflight failed with /);
	expect(exitCode).toBe(1);
});

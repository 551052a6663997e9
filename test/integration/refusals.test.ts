/** What the lab refuses, what it keeps secret, and what it lets its parts do. One cluster of one worker serves all. */
import { mkdtempSync } from "node:fs";
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import { clusterName, Lab, leftovers } from "./lab.ts";
import { credentialsOf, filesWith, holdsAny, watchProcesses } from "./secrets.ts";

/** Named so that the next run removes what a killed one left. Whatever the lab writes to the temporary folder is here. */
const scratch = mkdtempSync(join(tmpdir(), `nodeport-lab-integration-${process.pid}-scratch-`));

let lab: Lab;
/** Everything that commands have said. */
const said: string[] = [];
let processes: string[];

const kubeconfigPath = () => join(lab.folder, ".kube", `${clusterName}.yaml`);

async function start() {
	const { exitCode, all } = await lab.run("cli/start.ts");
	said.push(all);
	return { exitCode, all };
}

async function command(file: string, ...args: string[]): Promise<string> {
	const env = { PULUMI_STACK: "test", PULUMI_CONFIG_PASSPHRASE: "", HOME: lab.home };
	const { exitCode, all } = await execa(file, args, { cwd: lab.folder, env, all: true, reject: false });
	said.push(all);
	expect(exitCode, all).toBe(0);
	return all;
}

const configure = async (settings: Record<string, string>) => {
	for (const [name, value] of Object.entries(settings)) await lab.stack.setConfig(name, { value });
};
const unset = async (...names: string[]) => {
	for (const name of names) await lab.stack.removeConfig(name);
};

/** No line of a stack, and no talk of an exception. */
const expectNoStack = (text: string) => expect(text).not.toMatch(/^ +at |unhandled exception|Error: /m);

beforeAll(async () => {
	const before = process.env.TMPDIR;
	process.env.TMPDIR = scratch;
	lab = await Lab.create();
	await configure({ workers: "1", connectivity: "full" });
	return async () => {
		await lab.remove();
		if (before === undefined) delete process.env.TMPDIR;
		else process.env.TMPDIR = before;
		await rm(scratch, { recursive: true });
	};
});

describe("before there is a cluster", () => {
	it("is told every fault of the configuration at once, and nothing is made", async () => {
		const bad = { nodePort: "1e5", replicas: "0", namespace: "Kube_System", echoImage: "no image", colour: "red" };
		await configure({ ...bad, clientNode: "elsewhere" });
		for (const [i, value] of [`${clusterName}-worker`, "nowhere"].entries())
			await lab.stack.setConfig(`echoNodes[${i}]`, { value }, true);
		const { exitCode, all } = await start();
		expect(exitCode, all).not.toBe(0);
		expect(all).toContain("the configuration has 7 faults; nothing was changed:");
		for (const [field, got] of [...Object.entries(bad), ["clientNode", "elsewhere"], ["echoNodes[1]", "nowhere"]])
			expect(all).toMatch(
				new RegExp(`^ +${field?.replace(/[[\]]/g, "\\$&")}: got "${got}", allowed: .+; fix: pulumi `, "m"),
			);
		expectNoStack(all);
		expect(await leftovers()).toEqual([]);
		const { resources = [] } = (await lab.stack.exportStack()).deployment;
		expect(resources.map(({ type }: { type: string }) => type)).toEqual(["pulumi:pulumi:Stack"]);
		await unset(...Object.keys(bad), "clientNode", "echoNodes");
	});

	it("is told both images that the engine lacks, with the command that gets each", async () => {
		await configure({ echoImage: "nodeport-lab/none:1", dnsutilsImage: "nodeport-lab/none:2" });
		const failure = await lab.stack.preview().catch(({ message }: Error) => message);
		for (const image of ["nodeport-lab/none:1", "nodeport-lab/none:2"])
			expect(failure).toMatch(new RegExp(`image "${image}" is not on the Docker engine.*\`docker pull ${image}\``));
		expect(failure).toContain('error: image "nodeport-lab/none:1" is not on the Docker engine');
		expect(String(failure)).not.toMatch(/^ +at |serializing/m);
		await unset("echoImage", "dnsutilsImage");
	});
});

describe("once it is up", () => {
	it("comes up, all that runs for it being watched", async () => {
		const watch = watchProcesses(scratch);
		const { exitCode, all } = await start();
		processes = watch.stop();
		expect(exitCode, all).toBe(0);
		expect(processes.filter((process) => process.includes("kind/kindProgram.ts")).length).toBeGreaterThan(1);
	});

	it("is told that another Service has the nodePort, and which", async () => {
		await lab.kubectl("create", "service", "nodeport", "taken", "--tcp=80:80", "--node-port=30041");
		await configure({ nodePort: "30041" });
		const { exitCode, all } = await start();
		expect(exitCode, all).not.toBe(0);
		expect(all).toMatch(/nodePort: got 30041, which Service default\/taken has; allowed: one that is free/);
		expect(all).toMatch(/; fix: pulumi config set nodePort 30000, or kubectl .* delete service taken$/m);
		expectNoStack(all);
		// Who calls Pulumi alone hears it from the API server.
		const failure = await lab.stack.up().catch(({ message }: Error) => message);
		expect(failure).toMatch(/nodePort: Invalid value: 30041: provided port is already allocated/);
		await configure({ nodePort: "30040" });
		await lab.kubectl("delete", "service", "taken");
	});

	it("is told of a kubeconfig that cannot be read, which a start mends", async () => {
		await writeFile(kubeconfigPath(), "users: [");
		const { exitCode, all } = await lab.run("cli/verify.ts");
		expect(exitCode, all).toBe(1);
		expect(all).toMatch(/is no kubeconfig that can be read \(.*\); fix: npm start$/m);
		expectNoStack(all);
		const started = await start();
		expect(started.exitCode, started.all).toBe(0);
	});
});

describe("its credentials", () => {
	it("are in their own file alone, which is its owner's alone, whatever has run and been said", async () => {
		const kubeconfig = await readFile(kubeconfigPath(), "utf8");
		const credentials = credentialsOf(kubeconfig);
		expect(credentials.length).toBeGreaterThan(40); // A key and a certificate, in two forms.
		for (const script of ["cli/verify.ts", "cli/start.ts"]) await command("node", "--import", "tsx", script);
		for (const args of [["stack", "export"], ["stack", "output", "--json"], ["config"], ["preview", "--diff"]])
			await command("pulumi", ...args);
		expect(await filesWith(credentials, lab.folder)).toEqual([join(".kube", `${clusterName}.yaml`)]);
		expect((await filesWith(credentials, scratch)).length).toBe(1); // The same.
		const { PULUMI_HOME = join(homedir(), ".pulumi") } = process.env;
		expect(await filesWith(credentials, PULUMI_HOME)).toEqual([]);
		expect(processes.filter((process) => holdsAny(process, credentials))).toEqual([]);
		expect(said.filter((text) => holdsAny(text, credentials))).toEqual([]);
		expect((await stat(kubeconfigPath())).mode & 0o777).toBe(0o600);
		expect((await stat(join(kubeconfigPath(), ".."))).mode & 0o777).toBe(0o700);
	});

	it("open an API server that listens on loopback only", async () => {
		expect(await readFile(kubeconfigPath(), "utf8")).toMatch(/^ +server: https:\/\/127\.0\.0\.1:\d+$/m);
		const { stdout } = await execa("docker", ["port", `${clusterName}-control-plane`]);
		expect(stdout).toMatch(/^6443\/tcp -> 127\.0\.0\.1:\d+$/);
	});
});

describe("its pods", () => {
	interface Pod {
		metadata: { name: string; labels?: Record<string, string> };
		spec: { nodeName?: string; volumes?: unknown[]; automountServiceAccountToken?: boolean };
	}
	const pods = async (): Promise<Pod[]> => JSON.parse(await lab.kubectl("get", "pods", "--output=json")).items;

	it("mount no token, and nothing else", async () => {
		const all = await pods();
		expect(all.length).toBe(4); // The echo, dnsutils, and a NodeProbe on each node.
		for (const { metadata, spec } of all) {
			const { volumes = [], automountServiceAccountToken } = spec;
			expect({ pod: metadata.name, volumes, automountServiceAccountToken }).toEqual({
				pod: metadata.name,
				volumes: [],
				automountServiceAccountToken: false,
			});
		}
	});

	it("run as the restricted Pod Security Standard asks, but for what NodeProbe needs to trace a kernel", async () => {
		const namespace = "restricted";
		await lab.kubectl("create", "namespace", namespace);
		await lab.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted");
		await lab.kubectl("wait", "--for=create", "serviceaccount/default", "--namespace", namespace);
		const refusals = new Map<string, string>();
		for (const { metadata, spec } of await pods()) {
			const { nodeName: _, ...anywhere } = spec;
			const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: metadata.name, namespace }, spec: anywhere };
			const file = join(scratch, "pod.json");
			await writeFile(file, JSON.stringify(pod));
			const refusal = await lab.kubectl("create", "--dry-run=server", "--filename", file).then(
				() => "",
				({ stderr }: { stderr: string }) => stderr,
			);
			refusals.set(metadata.labels?.app ?? metadata.name, refusal);
		}
		await lab.kubectl("delete", "namespace", namespace, "--wait=false");
		expect([...refusals.keys()].sort()).toEqual(["app1", "dnsutils", "node-probe"]);
		const { app1, dnsutils, "node-probe": probe = "" } = Object.fromEntries(refusals);
		expect({ app1, dnsutils }).toEqual({ app1: "", dnsutils: "" });
		const violations = /violates PodSecurity "restricted:latest": (.*)$/m.exec(probe)?.[1] ?? probe;
		expect(violations.split(/, (?=unrestricted |\w+ != |\w+=)/)).toEqual([
			"host namespaces (hostNetwork=true)",
			expect.stringContaining("NET_ADMIN"),
			expect.stringContaining("runAsNonRoot != true"),
			expect.stringContaining("runAsUser=0"),
		]);
	});

	it("and its client outside have no more rights than a network needs", async () => {
		const { stdout } = await execa("docker", ["inspect", `${clusterName}-outside`]);
		const [{ HostConfig, Config, Mounts }] = JSON.parse(stdout);
		expect(HostConfig).toMatchObject({
			CapDrop: ["ALL"],
			CapAdd: null,
			Privileged: false,
			ReadonlyRootfs: true,
			SecurityOpt: ["no-new-privileges"],
			PortBindings: {},
		});
		expect(Config.User).toBe("65532:65532");
		expect(Mounts).toEqual([]);
	});
});

it("leaves no credentials when it is destroyed", async () => {
	const credentials = credentialsOf(await readFile(kubeconfigPath(), "utf8"));
	await command("node", "--import", "tsx", "cli/destroy.ts");
	expect(await filesWith(credentials, scratch)).toEqual([]);
	expect(await leftovers()).toEqual([]);
});

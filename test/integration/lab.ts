/** A lab of the tests' own: the project's files in a scratch folder, a stack and a cluster of another name. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type EngineEvent, LocalWorkspace, type Stack } from "@pulumi/pulumi/automation/index.js";
import { execa } from "execa";
import { isRunning } from "../../lib/process.ts";

/** With the process in it: two test runs on a machine do not meet, and what a killed one left can be told. */
const namePrefix = "nodeport-test-";
export const clusterName = `${namePrefix}${process.pid}`;
const folderPrefix = "nodeport-lab-integration-";

const {
	PULUMI_HOME = join(homedir(), ".pulumi"),
	DOCKER_CONFIG = join(homedir(), ".docker"),
	XDG_CACHE_HOME: cacheHome = join(homedir(), ".cache"),
} = process.env;

/** What is the user's own stays in use, though the lab's home folder is another. */
const own = { PULUMI_STACK: "test", PULUMI_CONFIG_PASSPHRASE: "", PULUMI_HOME, DOCKER_CONFIG };

export class Lab {
	readonly folder: string;
	/** A home folder of its own, to see what is written there. */
	readonly home: string;
	readonly stack: Stack;

	private constructor(folder: string, home: string, stack: Stack) {
		this.folder = folder;
		this.home = home;
		this.stack = stack;
	}

	/**
	 * A lab that is not up yet; whatever killed runs left is removed first.
	 * @param withSetUp its `npm start` is the whole chain, doctor and set-up first, as in a clone of the project
	 */
	static async create({ withSetUp = false } = {}): Promise<Lab> {
		await removeLeftovers();
		const folder = await mkdtemp(join(tmpdir(), `${folderPrefix}${process.pid}-`));
		const { stdout } = await execa("git", ["ls-files", "--cached", "--others", "--exclude-standard"]);
		const others = withSetUp ? /^(test|Pulumi\.dev\.yaml)/ : /^(test|toolchain|Pulumi\.dev\.yaml)/;
		for (const file of stdout.split("\n").filter((file) => !others.test(file))) {
			await mkdir(join(folder, dirname(file)), { recursive: true });
			await cp(file, join(folder, file));
		}
		await symlink(join(process.cwd(), "node_modules"), join(folder, "node_modules"));
		const home = join(folder, "home");
		await mkdir(home);
		const stack = await LocalWorkspace.createOrSelectStack(
			{ stackName: "test", workDir: folder },
			{ envVars: { ...own, HOME: home } },
		);
		await stack.setConfig("clusterName", { value: clusterName });
		return new Lab(folder, home, stack);
	}

	/** Runs one of the project's commands, as `npm run` would, in the lab's folder. */
	run(script: string, ...args: string[]) {
		return this.start([script, ...args]);
	}

	/** Runs `npm run <script>`, whole; of the lab's own where it has a set-up. */
	npm(script: string, env: Record<string, string> = {}) {
		const all = { ...own, HOME: this.home, XDG_CACHE_HOME: cacheHome, ...env };
		return execa("npm", ["run", script], { cwd: this.folder, env: all, reject: false, all: true });
	}

	/** Runs one of the project's commands and kills it, with all that it has started, as soon as something is so. */
	async runKilledWhen(isSo: Condition, script: string, ...args: string[]) {
		const running = this.start([script, ...args]);
		await until(running, isSo);
		for (const { pid } of await family(running.pid ?? 0)) kill(pid);
		return running;
	}

	/** The same, but kills the Pulumi CLI alone: what it has started goes on without it. */
	async runWithPulumiKilledWhen(isSo: Condition, script: string, ...args: string[]) {
		const running = this.start([script, ...args]);
		await until(running, isSo);
		const cli = (await family(running.pid ?? 0)).find(({ line }) => /^(\S*\/)?pulumi /.test(line));
		if (!cli) throw new Error("no Pulumi CLI runs");
		kill(cli.pid);
		return running;
	}

	/** The same by Ctrl-C, as a terminal sends it: once, to all of the process group that it runs in the foreground. */
	async runInterruptedWhen(isSo: Condition, script: string, ...args: string[]) {
		const running = this.start([script, ...args], { detached: true });
		await until(running, isSo);
		process.kill(-(running.pid ?? 0), "SIGINT");
		return running;
	}

	private start(args: string[], { detached = false } = {}) {
		const env = { ...own, HOME: this.home };
		const options = { cwd: this.folder, env, reject: false, all: true, detached } as const;
		return execa("node", ["--import", "tsx", ...args], options);
	}

	async kubectl(...args: string[]): Promise<string> {
		const kubeconfig = join(this.folder, ".kube", `${clusterName}.yaml`);
		return (await execa("kubectl", ["--kubeconfig", kubeconfig, ...args])).stdout;
	}

	/** The stack's outputs, secrets in clear. */
	async outputs(): Promise<Record<string, unknown>> {
		return Object.fromEntries(Object.entries(await this.stack.outputs()).map(([name, { value }]) => [name, value]));
	}

	/** What an update did, or a preview would do, by resource: "create", "update", "replace", "delete". */
	async up({ refresh } = { refresh: true }): Promise<Record<string, string>> {
		const changes = recordChanges();
		if (refresh) await this.stack.refresh();
		await this.stack.up({ onEvent: changes.onEvent });
		return changes.byResource;
	}

	async preview(): Promise<Record<string, string>> {
		const changes = recordChanges();
		await this.stack.preview({ onEvent: changes.onEvent });
		return changes.byResource;
	}

	/** The stored state, as it lies on disk. */
	async state(): Promise<string> {
		return readFile(this.statePath(), "utf8");
	}

	/** Leaves the note of an update that was killed while it made an object. */
	async notePending(type: string, metadata: { name: string; annotations: Record<string, string> }): Promise<void> {
		const state = JSON.parse(await this.state());
		const urn = `urn:pulumi:test::nodeport-lab::${type}::${metadata.name}`;
		const resource = { urn, custom: true, type, inputs: { metadata } };
		state.checkpoint.latest.pending_operations = [{ resource, type: "creating" }];
		await writeFile(this.statePath(), JSON.stringify(state));
	}

	private statePath = (): string => join(this.folder, ".state/.pulumi/stacks/nodeport-lab/test.json");

	/** Leaves nothing, whatever state a failed test left. @throws where that fails; the state then stays, to look into */
	async remove(): Promise<void> {
		const { exitCode, all } = await this.run("cli/destroy.ts");
		if (exitCode !== 0) throw new Error(`the lab in ${this.folder} could not be destroyed:\n${all}`);
		await rm(this.folder, { recursive: true });
	}
}

/** Containers of the tests' cluster, whatever it is called now, and of its client outside. */
export const leftovers = (): Promise<string[]> => containers(`${clusterName}-`);

async function containers(prefix: string): Promise<string[]> {
	const { stdout } = await execa("docker", ["ps", "--all", "--filter", `name=^${prefix}`, "--format", "{{.Names}}"]);
	return stdout.split("\n").filter(Boolean);
}

export async function volumes(): Promise<string[]> {
	return (await execa("docker", ["volume", "ls", "--quiet"])).stdout.split("\n").filter(Boolean);
}

/** Command lines of running processes that name the lab or its cluster. */
export async function processes(lab: Lab): Promise<string[]> {
	const { stdout } = await execa("ps", ["-eo", "args="]);
	return stdout.split("\n").filter((line) => line.includes(lab.folder) || line.includes(clusterName));
}

/** Containers, with their volumes, and folders of test runs whose process is gone. */
async function removeLeftovers(): Promise<void> {
	const dead = (await containers(namePrefix)).filter((name) => isLeft(name.slice(namePrefix.length)));
	if (dead.length > 0) await execa("docker", ["rm", "--force", "--volumes", ...dead]);
	for (const name of await readdir(tmpdir())) {
		if (!name.startsWith(folderPrefix) || !isLeft(name.slice(folderPrefix.length))) continue;
		await rm(join(tmpdir(), name), { recursive: true });
	}
}

/** Whether what is so called is of a process that is gone: the name begins with its id. */
function isLeft(name: string): boolean {
	const pid = /^\d+/.exec(name)?.[0];
	return pid !== undefined && !isRunning(Number(pid));
}

/** Whether it is time; told the command lines of all that the command has started. */
type Condition = (programs: string[]) => boolean | Promise<boolean>;

interface Running extends PromiseLike<{ all: string }> {
	readonly pid?: number | undefined;
	readonly exitCode: number | null;
}

/** @throws where the command ends before that */
async function until(running: Running, isSo: Condition): Promise<void> {
	while (!(await isSo((await family(running.pid ?? 0)).map(({ line }) => line)))) {
		if (running.exitCode !== null) throw new Error(`it ended before it was to be ended:\n${(await running).all}`);
		await new Promise((next) => setTimeout(next, 100));
	}
}

interface Process {
	pid: number;
	line: string;
}

/** A process and all that it started, itself or through others. */
async function family(pid: number): Promise<Process[]> {
	const { stdout } = await execa("ps", ["-eo", "pid=,ppid=,args="]);
	const all = stdout.split("\n").flatMap((text) => {
		const [, pid, parent, line = ""] = /^ *(\d+) +(\d+) (.*)$/.exec(text) ?? [];
		return [{ pid: Number(pid), parent: Number(parent), line }];
	});
	const below = (parent: number): Process[] =>
		all.filter((process) => process.parent === parent).flatMap((child) => [child, ...below(child.pid)]);
	return [...all.filter((process) => process.pid === pid), ...below(pid)];
}

function kill(pid: number): void {
	try {
		process.kill(pid, "SIGKILL");
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
	}
}

function recordChanges() {
	const byResource: Record<string, string> = {};
	const onEvent = ({ resourcePreEvent }: EngineEvent) => {
		if (!resourcePreEvent) return;
		const { op, urn, type } = resourcePreEvent.metadata;
		// A component is "updated" where its arguments differ; what that does shows in its children.
		if (type.startsWith("nodeport-lab:")) return;
		// A replacement is announced as three steps; its parts say nothing more. "refresh" and "read" change nothing.
		if (["same", "refresh", "read", "create-replacement", "delete-replaced"].includes(op)) return;
		byResource[urn.split("::").at(-1) ?? urn] = op;
	};
	return { byResource, onEvent };
}

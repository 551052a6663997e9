/** A lab for the tests: a copy of the project in a scratch folder, with its own stack, cluster name and home folder. */
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type EngineEvent, LocalWorkspace, type Stack } from "@pulumi/pulumi/automation/index.js";
import { execa } from "execa";
import type { Report } from "../../../verification/report.ts";
import { type Condition, family, kill, waitUntil } from "./processes.ts";
import { type Provider, pulumiHome } from "./providerChoice.ts";
import { clusterName, folderPrefix, removeLeftovers } from "./testResources.ts";

export { clusterName };

const { DOCKER_CONFIG = join(homedir(), ".docker"), XDG_CACHE_HOME: cacheHome = join(homedir(), ".cache") } =
	process.env;

interface Options {
	/** Copies the toolchain too: `npm start` then also runs the doctor and the set-up, as in a clone. */
	withSetUp?: boolean;
	/** Where in the scratch folder the project's copy is. */
	path?: string;
}

export class Lab {
	readonly folder: string;
	/** Its own home folder: a test checks what is written there. */
	readonly home: string;
	/** What its commands need in their environment. */
	readonly env: Record<string, string>;
	readonly stack: Stack;
	/** What the commands that have ended printed. */
	readonly printed: string[] = [];
	private readonly scratch: string;

	private constructor(scratch: string, folder: string, env: Record<string, string>, stack: Stack) {
		this.scratch = scratch;
		this.folder = folder;
		this.home = join(scratch, "home");
		this.env = env;
		this.stack = stack;
	}

	/** Copies the project and creates the stack; the cluster comes with the first update. Removes what killed runs left. */
	static async create({ withSetUp = false, path = "lab" }: Options = {}): Promise<Lab> {
		await removeLeftovers();
		const scratch = await mkdtemp(join(tmpdir(), `${folderPrefix}${process.pid}-`));
		const [folder, home] = [join(scratch, path), join(scratch, "home")];
		await copyProject(folder, withSetUp ? /^(test|Pulumi\.dev\.yaml)/ : /^(test|toolchain|Pulumi\.dev\.yaml)/);
		await mkdir(home);
		const env: Record<string, string> = {
			PULUMI_STACK: "test",
			PULUMI_CONFIG_PASSPHRASE: "",
			PULUMI_HOME: pulumiHome(),
			DOCKER_CONFIG,
			// Findings and the commands that fix them are in one line each.
			COLUMNS: "1000",
			HOME: home,
			// Pulumi doesn't take the backend of Pulumi.yaml as it is where the path has a "%" or a "#".
			...(/[%#]/.test(folder) && { PULUMI_BACKEND_URL: pathToFileURL(join(folder, ".state")).href }),
		};
		const workspace = { stackName: "test", workDir: folder };
		const stack = await LocalWorkspace.createOrSelectStack(workspace, { envVars: env });
		await stack.setConfig("clusterName", { value: clusterName });
		return new Lab(scratch, folder, env, stack);
	}

	/** All further commands use this Kubernetes provider. */
	use(provider: Provider): void {
		this.env.PULUMI_HOME = pulumiHome(provider);
		this.stack.workspace.envVars.PULUMI_HOME = this.env.PULUMI_HOME;
	}

	/** Runs one of the project's commands in the lab's folder, as `npm run` would. */
	run(script: string, ...args: string[]) {
		return this.start([script, ...args]);
	}

	/** Runs `npm run <script>`. */
	npm(script: string, env: Record<string, string> = {}) {
		const all = { ...this.env, XDG_CACHE_HOME: cacheHome, ...env };
		return execa("npm", ["run", script], { cwd: this.folder, env: all, reject: false, all: true });
	}

	/** Runs one of the project's commands, and kills it with everything that it started once the condition holds. */
	async runKilledWhen(condition: Condition, script: string, ...args: string[]) {
		const running = this.start([script, ...args]);
		await waitUntil(running, condition);
		for (const { pid } of await family(running.pid ?? 0)) kill(pid);
		return running;
	}

	/** Kills only the Pulumi CLI: what it started continues without it. */
	async runWithPulumiKilledWhen(condition: Condition, script: string, ...args: string[]) {
		const running = this.start([script, ...args]);
		await waitUntil(running, condition);
		const cli = (await family(running.pid ?? 0)).find(({ line }) => /^(\S*\/)?pulumi /.test(line));
		if (!cli) throw new Error("no Pulumi CLI runs");
		kill(cli.pid);
		return running;
	}

	/** Sends Ctrl-C as a terminal does: once, to the whole foreground process group. */
	async runInterruptedWhen(condition: Condition, script: string, ...args: string[]) {
		const running = this.start([script, ...args], { detached: true });
		await waitUntil(running, condition);
		process.kill(-(running.pid ?? 0), "SIGINT");
		return running;
	}

	private start(args: string[], { detached = false } = {}) {
		// The project's own doctor, by its path: a lab without set-up has no toolchain folder to bundle.
		const loader = isAbsolute(args[0] ?? "") ? ["--import", "tsx"] : ["lib/program.mjs"];
		return this.execute("node", [...loader, ...args], detached);
	}

	/** Runs a plain pulumi command. */
	pulumi(...args: string[]) {
		return this.execute("pulumi", [...args, "--non-interactive"]);
	}

	private execute(program: string, args: string[], detached = false) {
		const running = execa(program, args, { cwd: this.folder, env: this.env, reject: false, all: true, detached });
		void running.then(({ all }) => this.printed.push(all));
		return running;
	}

	kubeconfig = (): string => join(this.folder, ".kube", `${clusterName}.yaml`);

	async kubectl(...args: string[]): Promise<string> {
		return (await execa("kubectl", ["--kubeconfig", this.kubeconfig(), ...args])).stdout;
	}

	/** The stack's outputs, with secrets in plain text. */
	async outputs(): Promise<Record<string, unknown>> {
		return Object.fromEntries(Object.entries(await this.stack.outputs()).map(([name, { value }]) => [name, value]));
	}

	/** @returns what the update did to each resource: "create", "update", "replace" or "delete" */
	async up({ refresh } = { refresh: true }): Promise<Record<string, string>> {
		const changes = recordChanges();
		if (refresh) await this.stack.refresh();
		await this.stack.up({ onEvent: changes.onEvent });
		return changes.byResource;
	}

	/** @returns what an update would do to each resource */
	async preview(): Promise<Record<string, string>> {
		const changes = recordChanges();
		await this.stack.preview({ onEvent: changes.onEvent });
		return changes.byResource;
	}

	/** The state's text on disk. */
	async state(): Promise<string> {
		return readFile(this.statePath(), "utf8");
	}

	/** Records a pending operation, as an update leaves it that is killed while it creates an object. */
	async notePending(type: string, metadata: { name: string; annotations: Record<string, string> }): Promise<void> {
		const state = JSON.parse(await this.state());
		const urn = `urn:pulumi:test::nodeport-lab::${type}::${metadata.name}`;
		const resource = { urn, custom: true, type, inputs: { metadata } };
		state.checkpoint.latest.pending_operations = [{ resource, type: "creating" }];
		await writeFile(this.statePath(), JSON.stringify(state));
	}

	private statePath = (): string => join(this.folder, ".state/.pulumi/stacks/nodeport-lab/test.json");

	/** Destroys the lab, also after a failed test. @throws if that fails; the folder then stays for inspection */
	async remove(): Promise<void> {
		const { exitCode, all } = await this.run("cli/destroy.ts");
		if (exitCode !== 0) throw new Error(`the lab in ${this.folder} can't be destroyed:\n${all}`);
		await this.removeFolder();
	}

	/** Removes the lab's files, but not its cluster. */
	removeFolder(): Promise<void> {
		return rm(this.scratch, { recursive: true });
	}
}

async function copyProject(folder: string, without: RegExp): Promise<void> {
	const { stdout } = await execa("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
	// Where node_modules is a link, .gitignore doesn't match it.
	const copied = (file: string) => !["", "node_modules"].includes(file) && !without.test(file);
	for (const file of stdout.split("\0").filter(copied)) {
		await mkdir(join(folder, dirname(file)), { recursive: true });
		await cp(file, join(folder, file));
	}
	await symlink(join(process.cwd(), "node_modules"), join(folder, "node_modules"));
}

function recordChanges() {
	const byResource: Record<string, string> = {};
	const onEvent = ({ resourcePreEvent }: EngineEvent) => {
		if (!resourcePreEvent) return;
		const { op, urn, type } = resourcePreEvent.metadata;
		// Pulumi calls a component "updated" if its arguments differ. The effect shows in its children.
		if (type.startsWith("nodeport-lab:")) return;
		// A replacement comes as three steps, of which one is enough. "refresh" and "read" change nothing.
		if (["same", "refresh", "read", "create-replacement", "delete-replaced"].includes(op)) return;
		byResource[urn.split("::").at(-1) ?? urn] = op;
	};
	return { byResource, onEvent };
}

/** Without the notice that a request was late and had to be sent again: that depends on how busy the machine is. */
export function lastingNotices({ notices }: Pick<Report, "notices">): Report["notices"] {
	return notices.filter(({ kind }) => kind !== "repeatedRequests");
}

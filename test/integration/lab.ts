/** A lab of the tests' own: the project's files in a scratch folder, a stack and a cluster of another name. */
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type EngineEvent, LocalWorkspace, type Stack } from "@pulumi/pulumi/automation/index.js";
import { execa } from "execa";

export const clusterName = "nodeport-test";

const { PULUMI_HOME = join(homedir(), ".pulumi"), DOCKER_CONFIG = join(homedir(), ".docker") } = process.env;

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

	/** A lab that is not up yet; whatever a killed run left of its cluster is removed first. */
	static async create(): Promise<Lab> {
		await execa("kind", [
			"delete",
			"cluster",
			"--name",
			clusterName,
			"--kubeconfig",
			join(tmpdir(), "nodeport-lab-none"),
		]);
		const folder = await mkdtemp(join(tmpdir(), "nodeport-lab-test-"));
		const { stdout } = await execa("git", ["ls-files", "--cached", "--others", "--exclude-standard"]);
		for (const file of stdout.split("\n").filter((file) => !/^(test|toolchain|Pulumi\.dev\.yaml)/.test(file))) {
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
		const env = { ...own, HOME: this.home };
		return execa("node", ["--import", "tsx", script, ...args], { cwd: this.folder, env, reject: false, all: true });
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
		return readFile(join(this.folder, ".state/.pulumi/stacks/nodeport-lab/test.json"), "utf8");
	}

	/** Leaves nothing, whatever state a failed test left. */
	async remove(): Promise<void> {
		await this.run("cli/destroy.ts");
		await rm(this.folder, { recursive: true, force: true });
	}
}

/** Containers and volumes of the tests' cluster that the engine has. */
export async function leftovers(): Promise<string[]> {
	const label = `label=io.x-k8s.kind.cluster=${clusterName}`;
	const { stdout } = await execa("docker", ["ps", "--all", "--filter", label, "--format", "{{.Names}}"]);
	return stdout.split("\n").filter(Boolean);
}

export async function volumes(): Promise<string[]> {
	return (await execa("docker", ["volume", "ls", "--quiet"])).stdout.split("\n").filter(Boolean);
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

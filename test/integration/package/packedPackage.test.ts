/**
 * The package as its users have it: packed, installed in Pulumi's plain template outside the repository, in a folder whose name
 * has a space, "%", "#" and a letter outside ASCII. The program is the one in examples/smallest, with an image of this machine.
 */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { project } from "../../../toolchain/layout.ts";
import { ifSlow } from "../suites/selection.ts";
import { docker } from "../support/dockerEngine.ts";
import { provideLoadBalancer } from "../support/loadBalancer/loadBalancer.ts";
import { pulumiHome } from "../support/providerChoice.ts";
import { clusterName, folderPrefix, leftovers, removeLeftovers } from "../support/testResources.ts";

const example = join(project, "examples", "smallest");
const image = `${clusterName}-web:1`;
const nodes = `[{}, {}, { role: "worker", labels: { tier: "web" } }]`;

let removeLoadBalancer = async () => {};
let scratch: string;
let folder: string;
let env: Record<string, string>;

/** The example's text with other parts. @throws if it lacks one */
function replaced(text: string, parts: Record<string, string>): string {
	return Object.entries(parts).reduce((text, [part, other]) => {
		if (!text.includes(part)) throw new Error(`examples/smallest/index.ts doesn't contain ${part}`);
		return text.replace(part, () => other);
	}, text);
}

async function writeProgram(targetPort: number): Promise<void> {
	const text = replaced(await readFile(join(example, "index.ts"), "utf8"), {
		'"smallest", { workers: 1 }': `"smallest", { name: "${clusterName}", images: ["${image}"], nodes: ${nodes} }`,
		'"nginxinc/nginx-unprivileged:1.29-alpine"': `"${image}"`,
		"targetPort: 8080": `targetPort: ${targetPort}`,
		"status: 200": 'status: 200, path: "/healthz"',
	});
	await writeFile(join(folder, "index.ts"), text);
}

const pulumi = (...args: string[]) =>
	execa("pulumi", [...args, "--non-interactive"], { cwd: folder, env, all: true, reject: false });

async function succeeds(...args: string[]): Promise<string> {
	const { exitCode, all } = await pulumi(...args);
	expect(exitCode, all).toBe(0);
	return all;
}

/** All further commands and what they start run on this version. */
async function useNode(version: string): Promise<void> {
	const { stdout } = await execa("npx", ["--yes", "--package", `node@${version}`, "which", "node"], { cwd: scratch });
	env = { ...env, PATH: `${dirname(stdout)}:${process.env.PATH}` };
	expect((await execa("node", ["--version"], { env })).stdout).toMatch(new RegExp(`^v${version}\\.`));
}

const up = ["up", "--yes", "--skip-preview"];

/** The versions of Node.js that the cluster is created on, that the broken update runs on, and the one after it. */
const versions = [
	["20", "24", "22"],
	...ifSlow([
		["22", "22", "22"],
		["24", "24", "24"],
	] as const),
] as const;

/** The echo's image as a server that needs no variables of its own. */
async function buildImage(): Promise<void> {
	const container = `${clusterName}-build`;
	await docker("create", "--name", container, "nodeport-lab/echo:0.1.0");
	await docker("commit", "--change", "ENV NODE_NAME=n POD_IP=10.0.0.1", container, image);
	await docker("rm", container);
}

beforeAll(async () => {
	await removeLeftovers();
	scratch = await mkdtemp(join(tmpdir(), `${folderPrefix}${process.pid}-`));
	folder = join(scratch, "my stäck %41 #1");
	const [home, state] = [join(scratch, "home"), join(scratch, "state")];
	for (const path of [folder, home, state]) await mkdir(path);
	env = {
		PULUMI_STACK: "test",
		PULUMI_CONFIG_PASSPHRASE: "",
		// The built-in substitute doesn't name objects.
		PULUMI_HOME: pulumiHome("official"),
		PULUMI_BACKEND_URL: pathToFileURL(state).href,
		DOCKER_CONFIG: process.env.DOCKER_CONFIG ?? join(homedir(), ".docker"),
		HOME: home,
		COLUMNS: "1000",
	};
	const packed = await execa("npm", ["pack", "--json", "--pack-destination", scratch], { cwd: project });
	const [{ filename }] = JSON.parse(packed.stdout.slice(packed.stdout.indexOf("[")));
	for (const file of ["Pulumi.yaml", "tsconfig.json"]) await cp(join(example, file), join(folder, file));
	const manifest = await readFile(join(example, "package.json"), "utf8");
	const tarball = `file:${join(scratch, filename)}`;
	await writeFile(join(folder, "package.json"), replaced(manifest, { "file:../..": tarball }));
	await execa("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline"], { cwd: folder });
	await buildImage();
	removeLoadBalancer = await provideLoadBalancer();
	await succeeds("stack", "init", "test");
});

// Not the function that beforeAll may return: it runs after the hook that removes the clusters' network.
afterAll(async () => {
	await succeeds("destroy", "--yes", "--skip-preview");
	await removeLoadBalancer();
	await docker("image", "rm", "--force", image);
	await rm(scratch, { recursive: true });
});

describe.each(versions)(
	"the smallest stack, created on Node.js %s, then updated on %s and %s",
	(first, second, third) => {
		it("passes its check from outside and from every node of two control planes and a labelled worker", async () => {
			await useNode(first);
			await writeProgram(8080);
			await succeeds(...up);
			const requests = JSON.parse(await succeeds("stack", "output", "requests", "--json"));
			const results = requests.map(({ how, ok, status = 0 }: Record<string, unknown>) => `${how} ${ok} ${status}`);
			expect(results.filter((result: string) => result === "measured true 200").length).toBe(3);
			expect(results.filter((result: string) => result === "predicted true 0").length).toBe(9);
			const kubeconfig = join(folder, ".kube", `${clusterName}.yaml`);
			const query = ["get", "nodes", "--selector=tier=web", "--output=name"];
			const { stdout } = await execa("kubectl", ["--kubeconfig", kubeconfig, ...query]);
			expect(stdout).toBe(`node/${clusterName}-worker`);
		});

		it("doesn't check again if nothing has changed", async () => {
			expect(await succeeds(...up)).toMatch(/^Resources:\n +\d+ unchanged$/m);
		});

		it("fails an update with a wrong targetPort, with the finding that explains it", async () => {
			await useNode(second);
			await writeProgram(8081);
			const { exitCode, all } = await pulumi(...up);
			expect(exitCode, all).not.toBe(0);
			expect(all).toContain("NodePort default/");
			expect(all).toMatch(/this machine -> \S+ \(\S+-worker\): refused; expected status 200/);
			expect(all).toMatch(/no container declares targetPort 8081\/tcp/);
			expect(all).toMatch(/declared by containers: web 8080\/tcp/);
			expect(all).not.toMatch(/^ +at /m);
		});

		it("passes again once the targetPort is right", async () => {
			await useNode(third);
			await writeProgram(8080);
			await succeeds(...up);
		});

		it("leaves nothing when it is destroyed", async () => {
			await succeeds("destroy", "--yes", "--skip-preview");
			expect(JSON.parse(await succeeds("stack", "export")).deployment.resources ?? []).toEqual([]);
			expect(await leftovers()).toEqual([]);
		});
	},
);

/** KindCluster in a program of its own: what it creates, what it changes in place, and how it adopts another cluster. */
import { mkdir, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KindClusterArgs } from "../../components/kindCluster.ts";
import { type Printed, Program } from "./suites/exampleProgram.ts";
import { describeIfSlow } from "./suites/selection.ts";
import { docker } from "./support/dockerEngine.ts";
import { clusterName, Lab } from "./support/lab.ts";
import { provideLoadBalancer } from "./support/loadBalancer/loadBalancer.ts";
import { PlainCluster } from "./support/plainCluster.ts";
import { leftovers, network } from "./support/testResources.ts";

const name = `${clusterName}-own`;
const [plane, plane2, worker] = [`${name}-control-plane`, `${name}-control-plane2`, `${name}-worker`] as const;

/** The cluster's arguments are in a file. */
const index = `import { readFileSync } from "node:fs";
import { KindCluster } from "nodeport-lab";
const cluster = new KindCluster("cluster", JSON.parse(readFileSync("args.json", "utf8")));
export const { id, kubeconfigPath, internalKubeconfig, nodes, endpoint, network, clientKey } = cluster;
`;
const project = `name: kind-cluster
runtime: { name: nodejs, options: { typescript: false, nodeargs: --import tsx } }
main: index.ts
backend: { url: "file://../../.state" }
`;

let lab: Lab;
let program: Program;
let removeLoadBalancer: () => Promise<void>;

const args = (args: KindClusterArgs) => writeFile(join(program.folder, "args.json"), JSON.stringify({ name, ...args }));

async function succeeds(command: Promise<Printed>): Promise<string> {
	const { exitCode, all } = await command;
	expect(exitCode, all).toBe(0);
	return all;
}

async function upWith(wanted: KindClusterArgs): Promise<string> {
	await args(wanted);
	return succeeds(program.up());
}

async function kubectl(...args: string[]): Promise<string> {
	const kubeconfig = join(program.folder, ".kube", `${name}.yaml`);
	return (await execa("kubectl", ["--kubeconfig", kubeconfig, ...args])).stdout;
}

const labels = async (node: string) =>
	JSON.parse(await kubectl("get", "node", node, "--output=jsonpath={.metadata.labels}"));
const taints = async (node: string) => kubectl("get", "node", node, "--output=jsonpath={.spec.taints[*].key}");

async function freePort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	await new Promise((resolve) => server.close(resolve));
	return port;
}

const containers = () => docker("ps", "--all", "--quiet", "--filter", `name=^${name}-`);
const images = (node: string) => docker("exec", node, "crictl", "images");

beforeAll(async () => {
	lab = await Lab.create();
	program = new Program(lab, "kind");
	await mkdir(program.folder);
	await writeFile(join(program.folder, "Pulumi.yaml"), project);
	await writeFile(join(program.folder, "index.ts"), index);
	await writeFile(join(program.folder, "package.json"), JSON.stringify({ name: "kind-cluster", type: "module" }));
	await succeeds(program.pulumi("stack", "select", "--create", "test"));
	removeLoadBalancer = await provideLoadBalancer();
});
afterAll(async () => {
	await succeeds(program.destroy());
	await removeLoadBalancer();
	await lab.removeFolder();
});

describeIfSlow("a cluster of another program", () => {
	let theirs: PlainCluster;
	const adopting = () => ({ name: theirs.name, nodes: [{ labels: { adopted: "yes" } }] });

	beforeAll(async () => {
		theirs = await PlainCluster.create(join(lab.folder, "theirs"), "iptables", { workers: 0 });
	});
	afterAll(() => theirs.delete());

	it("is refused, and stays as it is, unless the program adopts it as it is", async () => {
		await args(adopting());
		const refused = await program.pulumi("preview");
		expect(refused.exitCode, refused.all).not.toBe(0);
		expect(refused.all).toContain("already exists and isn't managed by this project");
		await args({ ...adopting(), adopt: true, nodes: [{}, { role: "worker" }] });
		const differs = await program.pulumi("preview");
		expect(differs.all).toContain(`allowed: ${theirs.name}-control-plane; fix:`);
	});

	it("is adopted, and gets its label", async () => {
		const id = await docker("inspect", "--format", "{{.Id}}", `${theirs.name}-control-plane`);
		await upWith({ ...adopting(), adopt: true });
		expect(await docker("inspect", "--format", "{{.Id}}", `${theirs.name}-control-plane`)).toBe(id);
		expect(await theirs.kubectl("get", "nodes", "--selector=adopted=yes", "--output=name")).toMatch(/control-plane$/);
		expect(await upWith(adopting())).not.toMatch(/recreated/);
	});

	it("gets a registry and the image of an archive in place", async () => {
		const node = `${theirs.name}-control-plane`;
		const created = await docker("inspect", "--format", "{{.Id}}", node);
		const archive = join(program.folder, "echo.tar");
		await docker("save", "--output", archive, "nodeport-lab/echo:0.1.0");
		const ctr = (...args: string[]) => docker("exec", node, "ctr", "--namespace=k8s.io", "images", ...args);
		await ctr("rm", "docker.io/nodeport-lab/echo:0.1.0");
		// Not a registry: nothing is pushed or pulled here.
		const registry = { name: `${clusterName}-registry`, port: await freePort(), image: "nodeport-lab/echo:0.1.0" };
		await upWith({ ...adopting(), registry, imageArchives: ["echo.tar"] });
		expect(await docker("inspect", "--format", "{{.Id}}", node)).toBe(created);
		const bindings = await docker("inspect", "--format", "{{json .HostConfig.PortBindings}}", registry.name);
		expect(JSON.parse(bindings)).toEqual({ "5000/tcp": [{ HostIp: "127.0.0.1", HostPort: String(registry.port) }] });
		expect(await docker("exec", node, "containerd", "config", "dump")).toMatch(
			/config_path = '\/etc\/containerd\/certs\.d'/,
		);
		expect(await docker("exec", node, "cat", `/etc/containerd/certs.d/localhost:${registry.port}/hosts.toml`)).toBe(
			`[host."http://${registry.name}:5000"]`,
		);
		expect(
			await theirs.kubectl("get", "configmap", "--namespace=kube-public", "local-registry-hosting", "--output=yaml"),
		).toContain(`host: "localhost:${registry.port}"`);
		expect(await ctr("ls", "--quiet")).toContain("docker.io/nodeport-lab/echo:0.1.0");
		await theirs.kubectl("wait", "nodes", "--all", "--for=condition=Ready", "--timeout=60s");
		await upWith(adopting());
		expect(await docker("ps", "--all", "--quiet", "--filter", `name=^${registry.name}$`)).toBe("");
	});

	it("is deleted with the stack", async () => {
		await succeeds(program.destroy());
		expect(await leftovers()).toEqual([]);
	});
});

describe("a cluster of the program's own", () => {
	const wanted: KindClusterArgs = {
		nodes: [
			{ labels: { tier: "one" } },
			{ role: "control-plane" },
			{
				role: "worker",
				labels: { "node-role.kubernetes.io/db": "" },
				taints: [{ key: "team", value: "a", effect: "NoSchedule" }],
				extraPortMappings: [{ containerPort: 30040, listenAddress: "127.0.0.1" }],
			},
		],
	};
	const [first = {}, ...others] = wanted.nodes ?? [];

	it("keeps its nodes if its creation fails and it is retained", async () => {
		const broken = ["kind: ClusterConfiguration\nnetworking:\n  serviceSubnet: broken\n"];
		await args({ kubeadmConfigPatches: broken, retain: true });
		const failed = await program.up();
		expect(failed.exitCode, failed.all).not.toBe(0);
		expect(failed.all).toContain(`the nodes are kept, and the next update replaces them`);
		expect(await docker("ps", "--quiet", "--filter", `name=^${plane}$`)).not.toBe("");
	});

	it("has two control planes, labels, taints and a published port", async () => {
		await upWith(wanted);
		expect((await kubectl("get", "nodes", "--output=name")).split("\n")).toEqual(
			[plane, plane2, worker].map((node) => `node/${node}`),
		);
		expect(await labels(plane)).toMatchObject({ tier: "one" });
		expect(await labels(worker)).toMatchObject({ "node-role.kubernetes.io/db": "" });
		expect(await taints(worker)).toBe("team");
		expect(await docker("port", worker, "30040")).toMatch(/^127\.0\.0\.1:\d+$/);
	});

	it("is reachable from the host and from its network", async () => {
		const outputs = await program.outputs();
		expect(outputs).toMatchObject({ network, internalKubeconfig: "[secret]", clientKey: "[secret]" });
		const { stdout: internal } = await execa("pulumi", ["stack", "output", "internalKubeconfig", "--show-secrets"], {
			cwd: program.folder,
			env: lab.env,
		});
		const read = ["exec", "--interactive", worker, "sh", "-c", "cat > /tmp/k && kubectl --kubeconfig /tmp/k get nodes"];
		const { stdout } = await execa("docker", read, { input: internal });
		expect(stdout).toContain(plane2);
	});

	it("is left alone by an update that changes nothing", async () => {
		expect(await upWith(wanted)).not.toMatch(/[1-9]\d* (created|updated|replaced|deleted)/);
	});

	it("changes labels and taints, and loads images, in place", async () => {
		const before = await containers();
		const nodes = [{ ...first, labels: { tier: "two" } }, {}, { role: "worker" as const }];
		const last = wanted.nodes?.at(-1);
		await args({
			nodes: [nodes[0] ?? {}, {}, { ...last, labels: {}, taints: [] }],
			images: ["nodeport-lab/echo:0.1.0"],
		});
		const preview = await succeeds(program.pulumi("preview"));
		expect(preview).not.toMatch(/recreated/);
		expect(preview).toMatch(/cluster-nodes +update/);
		await succeeds(program.up());
		expect(await containers()).toBe(before);
		expect(await labels(plane)).toMatchObject({ tier: "two" });
		expect(Object.keys(await labels(worker))).not.toContain("node-role.kubernetes.io/db");
		expect(await taints(worker)).toBe("");
		for (const node of [plane, plane2, worker]) expect(await images(node)).toContain("nodeport-lab/echo");
	});

	it("names in the preview what would recreate it", async () => {
		await args({ nodes: [first, ...others, { role: "worker" }] });
		expect(await succeeds(program.pulumi("preview"))).toMatch(
			/was created with other settings \(workers \(was 1, now 2\); .*nodes\[3\]\.role \(was absent, now "worker"\)\): it is recreated/,
		);
	});

	it("leaves nothing when it is destroyed", async () => {
		await succeeds(program.destroy());
		expect(await leftovers()).toEqual([]);
	});
});

/** The whole lab, real in every part. The tests build on each other: one cluster serves them all. */
import { access, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { clusterId } from "../../cluster/kind.ts";
import { Cell, Node, NodeRules, Pod, Service } from "../../verification/model.ts";
import { Report } from "../../verification/report/model.ts";
import { clusterName, Lab, leftovers, volumes } from "./lab.ts";

const worker = (i: number) => `${clusterName}-worker${i === 1 ? "" : i}`;

/** The outputs' contract, nothing beside it. */
const Contract = z.strictObject({
	schema: z.literal("nodeport-lab/v1"),
	clusterName: z.literal(clusterName),
	kubeconfig: z.string().regex(/^kind: Config$/m),
	nodes: z.array(Node),
	nodeIps: z.record(z.string(), z.ipv4()),
	nodePort: z.int(),
	service: Service.omit({ portName: true }).strict(),
	echo: z.strictObject({ name: z.literal("app1"), image: z.string(), pods: z.array(Pod) }),
	verification: z.strictObject({
		ok: z.literal(true),
		checkedAt: z.iso.datetime(),
		proxyMode: z.literal("iptables"),
		connectivity: z.array(Cell),
		nodes: z.array(NodeRules),
		report: z.literal("out/verification.json"),
	}),
});

let lab: Lab;
let volumesBefore: string[];

const outputs = async () => Contract.parse(await lab.outputs());

beforeAll(async () => {
	lab = await Lab.create();
	volumesBefore = await volumes();
});
afterAll(() => lab.remove());

it("previews with no cluster", async () => {
	const changes = await lab.preview();
	expect(Object.keys(changes)).toContain("verification-run");
	expect(new Set(Object.values(changes))).toEqual(new Set(["create"]));
	expect(await leftovers()).toEqual([]);
});

it("comes up verified, with the outputs of the contract", async () => {
	await lab.up();
	const { nodes, nodeIps, nodePort, service, echo, verification } = await outputs();
	expect(nodes.map(({ name, ready }) => `${name} ${ready}`)).toEqual(
		[`${clusterName}-control-plane`, worker(1), worker(2), worker(3)].map((name) => `${name} true`),
	);
	expect(Object.keys(nodeIps)).toEqual(nodes.map(({ name }) => name));
	expect(nodePort).toBe(30040);
	expect(service).toMatchObject({ name: "nodeport-service", port: 8080, nodePort: 30040 });
	expect(echo.pods.map(({ node }) => node)).toEqual([worker(1)]);
	expect(
		verification.connectivity.map(({ target, observed }) => `${target.node ?? target.kind} ${observed.node}`),
	).toEqual(
		[...nodes.map(({ name }) => name), "podIp", "clusterIp", "serviceDns"].map((target) => `${target} ${worker(1)}`),
	);
});

it("answers with the walkthrough's message", async () => {
	const { connectivity } = (await outputs()).verification;
	const [pod] = (await outputs()).echo.pods;
	for (const { observed } of connectivity)
		expect(JSON.parse(observed.body ?? "")).toMatchObject({ message: `NODE: ${worker(1)}, POD IP:${pod?.ip}` });
});

it("finds the walkthrough's own chain on every node, followed to the DNAT and the mark", async () => {
	const { verification, echo } = await outputs();
	expect(verification.nodes.length).toBe(4);
	for (const { rules, paths, backend } of verification.nodes) {
		expect(backend).toBe("iptables-nft");
		const text = rules.join("\n");
		expect(text).toContain("KUBE-SVC-SR75RJIBNEHN2H65");
		expect(text).toContain(`--to-destination ${echo.pods[0]?.ip}:8080`);
		expect(text).toMatch(/KUBE-MARK-MASQ .*(--set-xmark|--or-mark) 0x4000/);
		expect(paths.map(({ probability }) => probability)).toEqual([1]);
		const effects = paths[0]?.hops.map(({ effect }) => effect) ?? [];
		expect(effects).toEqual(expect.arrayContaining(["jump", "mark", "dnat", "masquerade"]));
	}
});

it("keeps the whole report on disk and the kubeconfig out of the state", async () => {
	const report = Report.parse(JSON.parse(await readFile(join(lab.folder, "out/verification.json"), "utf8")));
	expect(report.ok).toBe(true);
	const { kubeconfig, verification } = await outputs();
	const key = /client-key-data: (\S+)/.exec(kubeconfig)?.[1] ?? "";
	expect(key.length).toBeGreaterThan(100);
	expect(await lab.state()).not.toContain(key);
	expect(JSON.stringify(verification).length).toBeLessThan(64 * 1024);
});

it("changes nothing the second time", async () => {
	expect(await lab.up()).toEqual({});
});

it("repeats the verification without an update, and shows nodes, matrix and chains", async () => {
	const { exitCode, stdout } = await lab.run("cli/verify.ts");
	expect(exitCode).toBe(0);
	expect(stdout).toMatch(/NAME +STATUS +ROLES +VERSION +INTERNAL-IP/);
	expect(stdout).toContain("External communication");
	expect(stdout).toContain("Internal communication");
	expect(stdout.match(/KUBE-SVC-SR75RJIBNEHN2H65 -> KUBE-SEP/g)?.length).toBe(4);
});

it("fails naming each cell when the echo is scaled to 0 by hand, and an update mends it", async () => {
	await lab.kubectl("scale", "deployment/app1", "--replicas=0");
	await lab.kubectl("wait", "pods", "-l", "app=app1", "--for=delete", "--timeout=60s");
	const { exitCode, stdout } = await lab.run("cli/verify.ts");
	expect(exitCode).toBe(1);
	for (const node of [`${clusterName}-control-plane`, worker(1), worker(2), worker(3)])
		expect(stdout).toMatch(new RegExp(`failed: dnsutils -> ${node} nodePort .*observed refused.*repeat: kubectl `));
	expect(stdout).toMatch(/failed: dnsutils -> clusterIp .*observed refused/);
	expect(await lab.up()).toMatchObject({ "app1-deployment": "update" });
	expect((await outputs()).verification.ok).toBe(true);
});

it("moves to another nodePort as the preview said, without touching the cluster", async () => {
	await lab.stack.setConfig("nodePort", { value: "30041" });
	const previewed = await lab.preview();
	expect(Object.keys(previewed).sort()).toEqual(["nodeport-service-service", "verification-run"]);
	expect(await lab.up()).toEqual(previewed);
	const { nodePort, verification } = await outputs();
	expect(nodePort).toBe(30041);
	expect(verification.connectivity[0]?.target.address).toMatch(/:30041$/);
});

it("heals when nodes are stopped and the kubeconfig is lost, without another cluster", async () => {
	const nodes = await leftovers();
	await execa("docker", ["stop", "--time=1", ...nodes]);
	await execa("rm", [join(lab.folder, ".kube", `${clusterName}.yaml`)]);
	const changes = await lab.up({ refresh: false });
	expect(changes).not.toHaveProperty("cluster-cluster");
	expect(changes).toHaveProperty("cluster-access");
	expect((await lab.run("cli/verify.ts")).exitCode).toBe(0);
	await execa("docker", ["pause", worker(2)]);
	const started = await lab.run("cli/start.ts");
	expect(started.exitCode, started.all).toBe(0);
});

it("makes another cluster of two workers as the preview said", async () => {
	await lab.stack.setConfig("workers", { value: "2" });
	const previewed = await lab.preview();
	expect(previewed).toMatchObject({ "cluster-cluster": "update", "app1-deployment": "replace" });
	expect(await lab.up()).toEqual(previewed);
	expect((await outputs()).nodes.map(({ name }) => name)).toEqual([
		`${clusterName}-control-plane`,
		worker(1),
		worker(2),
	]);
	expect(await lab.up()).toEqual({});
});

it("comes back by a plain update when the cluster was deleted behind Pulumi's back", async () => {
	await execa("kind", ["delete", "cluster", "--name", clusterName, "--kubeconfig", join(lab.folder, "none")]);
	await lab.stack.up();
	expect((await outputs()).verification.ok).toBe(true);
});

it("leaves a cluster of that name alone that it did not make, and says how to go on", async () => {
	await execa("docker", [
		"run",
		"--detach",
		"--name",
		"nodeport-lab-stranger",
		"--label",
		"io.x-k8s.kind.cluster=stranger",
		"nodeport-lab/dnsutils:0.1.0",
		"/usr/local/bin/idle",
	]);
	try {
		const spec = { name: "stranger", workers: 1, nodeImage: "any", kubeProxyMode: "iptables" as const };
		await expect(clusterId(spec)).rejects.toThrow("kind delete cluster --name stranger");
	} finally {
		await execa("docker", ["rm", "--force", "nodeport-lab-stranger"]);
	}
});

it("is destroyed without a trace, also when it is already gone", async () => {
	const destroyed = await lab.run("cli/destroy.ts");
	expect(destroyed.exitCode, destroyed.all).toBe(0);
	expect(await leftovers()).toEqual([]);
	expect((await volumes()).filter((volume) => !volumesBefore.includes(volume))).toEqual([]);
	await expect(access(join(lab.folder, ".kube", `${clusterName}.yaml`))).rejects.toThrow("ENOENT");
	const again = await lab.run("cli/destroy.ts");
	expect(again.exitCode, again.all).toBe(0);
	expect(await readdir(lab.home)).toEqual([]);
});

/** Other programs that build on the lab: one that reads its stack, one that uses its components. One cluster serves all. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import type { Answer } from "../../examples/consumer/answers.ts";
import { clusterName, Lab, leftovers } from "./lab.ts";
import { Program, type Said } from "./program.ts";
import { credentialsOf, filesWith, holdsAny } from "./secrets.ts";

const labStack = "organization/nodeport-lab/test";

let lab: Lab;
let consumer: Program;
let components: Program;

const kubeconfigPath = () => join(lab.folder, ".kube", `${clusterName}.yaml`);

async function startLab(): Promise<void> {
	const { exitCode, all } = await lab.run("cli/start.ts");
	expect(exitCode, all).toBe(0);
}

/** Refused in these words, and without any of a program's own: no stack, no exception. */
function expectRefusal({ exitCode, all }: Said, words: string | RegExp): void {
	expect(exitCode, all).not.toBe(0);
	expect(all).toMatch(words);
	expect(all).not.toMatch(/^ +at |unhandled exception|Error: |serializing/m);
}

async function succeeds(said: Promise<Said>): Promise<string> {
	const { exitCode, all } = await said;
	expect(exitCode, all).toBe(0);
	return all;
}

beforeAll(async () => {
	lab = await Lab.create();
	await lab.stack.setConfig("workers", { value: "1" });
	consumer = new Program(lab, "consumer");
	components = new Program(lab, "components");
	for (const program of [consumer, components]) await succeeds(program.pulumi("stack", "select", "--create", "test"));
	await succeeds(consumer.pulumi("config", "set", "lab", "test"));
	return () => lab.remove();
});

describe("a consumer, as long as there is no lab", () => {
	it("is told that there is no such stack, which there are, and what mends it", async () => {
		await succeeds(consumer.pulumi("config", "set", "lab", "elsewhere"));
		const said = await consumer.up();
		expectRefusal(
			said,
			/the lab's stack: got "organization\/nodeport-lab\/elsewhere", allowed: organization\/nodeport-lab\/test \(`/,
		);
		expect(said.all).toContain("fix: name one of these, or bring it up: PULUMI_STACK=elsewhere npm start, in");
		await succeeds(consumer.pulumi("config", "set", "lab", "test"));
	});

	it("is told once that the lab of its stack is not up", async () => {
		const said = await consumer.up();
		expectRefusal(said, `the stack "${labStack}" has no outputs: its lab is not up`);
		expect(said.all.match(/^ +error: the stack .* has no outputs/gm)?.length, said.all).toBe(1);
	});
});

describe("a consumer of a lab that is up", () => {
	beforeAll(startLab);

	it("calls the NodePort of every node from the lab's cluster", async () => {
		await succeeds(consumer.up());
		const nodes = [`${clusterName}-control-plane`, `${clusterName}-worker`];
		const { urls, calls, answers } = (await consumer.outputs()) as {
			urls: Record<string, string>;
			calls: { complete: boolean };
			answers: Record<string, Answer>;
		};
		const { nodeIps } = await lab.outputs();
		expect(Object.keys(urls)).toEqual(nodes);
		expect(urls).toEqual(
			Object.fromEntries(Object.entries(nodeIps as object).map(([node, ip]) => [node, `http://${ip}:30040/host`])),
		);
		expect(calls.complete).toBe(true);
		expect(Object.keys(answers)).toEqual(nodes);
		for (const { message } of Object.values(answers))
			expect(message).toMatch(new RegExp(`^NODE: ${clusterName}-worker, POD IP:10\\.`));
	});

	it("changes nothing by another update", async () => {
		expect(await succeeds(consumer.up())).toMatch(/^Resources:\n +\d+ unchanged$/m);
	});

	it("keeps the kubeconfig secret in its state and in all that its commands say", async () => {
		const credentials = credentialsOf(await readFile(kubeconfigPath(), "utf8"));
		expect(credentials.length).toBeGreaterThan(40);
		for (const args of [
			["stack", "export"],
			["stack", "output", "--json"],
			["preview", "--diff"],
		])
			await succeeds(consumer.pulumi(...args));
		expect(consumer.said.filter((text) => holdsAny(text, credentials))).toEqual([]);
		expect(await filesWith(credentials, lab.folder)).toEqual([join(".kube", `${clusterName}.yaml`)]);
		// It is there nevertheless, for whoever may read secrets: the search would find it.
		const shown = await consumer.pulumi("stack", "export", "--show-secrets");
		expect(holdsAny(shown.all, credentials)).toBe(true);
	});

	it("fails naming the container that got no answer, and goes on once there is one", async () => {
		await lab.kubectl("delete", "job", "calls");
		await lab.kubectl("scale", "deployment/app1", "--replicas=0");
		await lab.kubectl("wait", "pods", "-l", "app=app1", "--for=delete", "--timeout=60s");
		const { exitCode, all } = await consumer.up("--refresh");
		expect(exitCode, all).not.toBe(0);
		expect(all).toMatch(/the job failed: .*container \S+-control-plane\): Error with exit code (7|28)/s);
		await lab.kubectl("scale", "deployment/app1", "--replicas=1");
		await lab.kubectl("rollout", "status", "deployment/app1", "--timeout=60s");
		await lab.kubectl("delete", "job", "calls");
		await succeeds(consumer.up("--refresh"));
	});

	it("is refused by a lab of an older contract", async () => {
		const deployment = await lab.stack.exportStack();
		const older = structuredClone(deployment);
		const stack = older.deployment.resources.find(({ type }: { type: string }) => type === "pulumi:pulumi:Stack");
		stack.outputs.schema = "nodeport-lab/v0";
		await lab.stack.importStack(older);
		const said = await consumer.up();
		await lab.stack.importStack(deployment);
		expectRefusal(said, /schema: got "nodeport-lab\/v0", allowed: "nodeport-lab\/v1"; fix: use the same version/);
		await succeeds(consumer.up());
	});

	it("follows the lab onto another cluster", async () => {
		const before = await lab.kubectl("get", "job", "calls", "--output=jsonpath={.metadata.uid}");
		const nodes = (await leftovers()).filter((name) => !name.endsWith("-outside"));
		await execa("docker", ["rm", "--force", "--volumes", ...nodes]);
		await startLab();
		await succeeds(consumer.up());
		const after = await lab.kubectl("get", "job", "calls", "--output=jsonpath={.metadata.uid} {.status.succeeded}");
		expect(after).toMatch(/^\S+ 1$/);
		expect(after).not.toContain(before);
	});
});

describe("a program of components", () => {
	it("says which kubeconfig it needs", async () => {
		await succeeds(components.pulumi("config", "set", "kubeconfig", "nowhere"));
		expectRefusal(
			await components.up(),
			/kubeconfig: got "nowhere" \(ENOENT.*fix: pulumi config set kubeconfig <path>/,
		);
	});

	it("deploys onto a cluster by its kubeconfig, in a namespace of its own", async () => {
		await succeeds(components.pulumi("config", "set", "kubeconfig", kubeconfigPath()));
		await succeeds(components.pulumi("config", "set", "--path", "nodes[0]", `${clusterName}-worker`));
		await succeeds(components.up());
		const { service, pods, connectivity } = (await components.outputs()) as {
			service: { nodePort: number };
			pods: { node: string }[];
			connectivity: { address: string; outcome: string }[];
		};
		expect(service).toMatchObject({ name: "front", namespace: "nodeport-components", port: 80 });
		const nodePort = await lab.kubectl(
			...["--namespace", "nodeport-components", "get", "service", "front"],
			"--output=jsonpath={.spec.ports[0].nodePort}",
		);
		expect(nodePort).toBe(String(service.nodePort));
		expect(pods.map(({ node }) => node)).toEqual([`${clusterName}-worker`, `${clusterName}-worker`]);
		expect(connectivity.filter(({ address }) => address.endsWith(`:${nodePort}`)).length).toBe(2);
		expect(new Set(connectivity.map(({ outcome }) => outcome))).toEqual(new Set(["ok"]));
	});

	it("keeps the kubeconfig secret, and leaves nothing when it is destroyed", async () => {
		const credentials = credentialsOf(await readFile(kubeconfigPath(), "utf8"));
		expect(await filesWith(credentials, lab.folder)).toEqual([join(".kube", `${clusterName}.yaml`)]);
		await succeeds(components.destroy());
		expect(components.said.filter((text) => holdsAny(text, credentials))).toEqual([]);
		expect(await lab.kubectl("get", "namespaces", "--output=name")).not.toContain("nodeport-components");
	});
});

describe("a consumer is destroyed", () => {
	it("with its Job and the Job's pods", async () => {
		await succeeds(consumer.destroy());
		expect(await lab.kubectl("get", "jobs,pods", "--output=name")).not.toContain("calls");
	});

	it("also after its lab, which is not up then", async () => {
		await succeeds(consumer.up());
		const { exitCode, all } = await lab.run("cli/destroy.ts");
		expect(exitCode, all).toBe(0);
		expectRefusal(await consumer.up(), `the stack "${labStack}" has no outputs: its lab is not up (destroyed, or`);
		await succeeds(consumer.destroy());
		expect(JSON.parse((await consumer.pulumi("stack", "export")).all).deployment.resources ?? []).toEqual([]);
		expect(await leftovers()).toEqual([]);
	});
});

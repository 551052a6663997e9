/** Other programs that build on the lab: one reads its stack, one uses its components. */
import { readFile } from "node:fs/promises";
import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import type { Answer } from "../../../examples/consumer/answers.ts";
import { credentialsOf, filesWith, holdsAny } from "../support/credentials.ts";
import { clusterName, type Lab } from "../support/lab.ts";
import { leftovers } from "../support/testResources.ts";
import { type Printed, Program } from "./exampleProgram.ts";
import { itIfSlow } from "./selection.ts";

const labStack = "organization/nodeport-lab/test";

let consumer: Program;

/** Fails with these words, without a stack trace or an exception. */
function expectRefusal({ exitCode, all }: Printed, words: string | RegExp): void {
	expect(exitCode, all).not.toBe(0);
	expect(all).toMatch(words);
	expect(all).not.toMatch(/^ +at |unhandled exception|Error: |serializing/m);
}

async function succeeds(command: Promise<Printed>): Promise<string> {
	const { exitCode, all } = await command;
	expect(exitCode, all).toBe(0);
	return all;
}

export const consumerBeforeLab = (lab: () => Lab) =>
	describe("a consumer before there is a lab", () => {
		beforeAll(async () => {
			consumer = new Program(lab(), "consumer");
			await succeeds(consumer.pulumi("stack", "select", "--create", "test"));
			await succeeds(consumer.pulumi("config", "set", "lab", "test"));
		});

		it("fails on an unknown stack, naming the known ones and the fix", async () => {
			await succeeds(consumer.pulumi("config", "set", "lab", "elsewhere"));
			const failed = await consumer.up();
			expectRefusal(
				failed,
				/the lab's stack: got "organization\/nodeport-lab\/elsewhere", allowed: organization\/nodeport-lab\/test \(`/,
			);
			expect(failed.all).toContain("fix: use one of these, or bring it up: PULUMI_STACK=elsewhere npm start, in");
			await succeeds(consumer.pulumi("config", "set", "lab", "test"));
		});

		it("reports once that its stack's lab isn't up", async () => {
			const failed = await consumer.up();
			expectRefusal(failed, `the stack "${labStack}" has no outputs: its lab isn't up`);
			expect(failed.all.match(/^ +error: the stack .* has no outputs/gm)?.length, failed.all).toBe(1);
		});
	});

/**
 * A Job without an answer, as both providers print it: the container that failed, or only the Job's limit, if the
 * provider's wait ends before it has seen the Pod.
 */
const noAnswer =
	/\[Pod [^\]]*calls-\S+\]: .*container "\S+-control-plane" completed with exit code (7|28)|\[BackoffLimitExceeded\] Job has reached the specified backoff limit/s;

export const consumerOfLab = (lab: () => Lab) =>
	describe("a consumer of a running lab", () => {
		it("calls the NodePort of every node from a Job in the lab's cluster", async () => {
			await succeeds(consumer.up());
			const nodes = [`${clusterName}-control-plane`, `${clusterName}-worker`];
			const { urls, calls, answers } = (await consumer.outputs()) as {
				urls: Record<string, string>;
				calls: { complete: boolean };
				answers: Record<string, Answer>;
			};
			const { nodeIps } = await lab().outputs();
			expect(Object.keys(urls)).toEqual(nodes);
			expect(urls).toEqual(
				Object.fromEntries(Object.entries(nodeIps as object).map(([node, ip]) => [node, `http://${ip}:30040/host`])),
			);
			expect(calls.complete).toBe(true);
			expect(Object.keys(answers)).toEqual(nodes);
			for (const { message } of Object.values(answers))
				expect(message).toMatch(new RegExp(`^NODE: ${clusterName}-worker, POD IP:10\\.`));
		});

		it("changes nothing in another update", async () => {
			expect(await succeeds(consumer.up())).toMatch(/^Resources:\n +\d+ unchanged$/m);
		});

		it("keeps the kubeconfig secret in its state and in its commands' output", async () => {
			const credentials = credentialsOf(await readFile(lab().kubeconfig(), "utf8"));
			expect(credentials.length).toBeGreaterThan(40);
			for (const args of [
				["stack", "export"],
				["stack", "output", "--json"],
				["preview", "--diff"],
			])
				await succeeds(consumer.pulumi(...args));
			expect(consumer.printed.filter((text) => holdsAny(text, credentials))).toEqual([]);
			expect(await filesWith(credentials, lab().folder)).toEqual([lab().kubeconfig()]);
			// The search finds it where it is shown.
			const shown = await consumer.pulumi("stack", "export", "--show-secrets");
			expect(holdsAny(shown.all, credentials)).toBe(true);
		});

		itIfSlow("fails when the Job gets no answer, and succeeds once there is one", async () => {
			await lab().kubectl("delete", "job", "calls");
			await lab().kubectl("scale", "deployment/app1", "--replicas=0");
			await lab().kubectl("wait", "pods", "-l", "app=app1", "--for=delete", "--timeout=60s");
			const { exitCode, all } = await consumer.up("--refresh");
			expect(exitCode, all).not.toBe(0);
			expect(all).toMatch(noAnswer);
			await lab().kubectl("scale", "deployment/app1", "--replicas=1");
			await lab().kubectl("rollout", "status", "deployment/app1", "--timeout=60s");
			await lab().kubectl("delete", "job", "calls");
			await succeeds(consumer.up("--refresh"));
		});

		it("fails on a lab with an older contract", async () => {
			const deployment = await lab().stack.exportStack();
			const older = structuredClone(deployment);
			const stack = older.deployment.resources.find(({ type }: { type: string }) => type === "pulumi:pulumi:Stack");
			stack.outputs.schema = "nodeport-lab/v0";
			await lab().stack.importStack(older);
			const failed = await consumer.up();
			await lab().stack.importStack(deployment);
			expectRefusal(failed, /schema: got "nodeport-lab\/v0", allowed: "nodeport-lab\/v1"; fix: use the same version/);
			await succeeds(consumer.up());
		});

		itIfSlow("follows the lab to another cluster", async () => {
			const before = await lab().kubectl("get", "job", "calls", "--output=jsonpath={.metadata.uid}");
			const nodes = (await leftovers()).filter((name) => !name.endsWith("-outside"));
			await execa("docker", ["rm", "--force", "--volumes", ...nodes]);
			const { exitCode, all } = await lab().run("cli/start.ts");
			expect(exitCode, all).toBe(0);
			await succeeds(consumer.up());
			const after = await lab().kubectl("get", "job", "calls", "--output=jsonpath={.metadata.uid} {.status.succeeded}");
			expect(after).toMatch(/^\S+ 1$/);
			expect(after).not.toContain(before);
		});
	});

export const programOfComponents = (lab: () => Lab) =>
	describe("a program that uses the components", () => {
		let components: Program;

		beforeAll(async () => {
			components = new Program(lab(), "components");
			await succeeds(components.pulumi("stack", "select", "--create", "test"));
		});

		it("names the setting and the fix when it can't read the kubeconfig", async () => {
			await succeeds(components.pulumi("config", "set", "kubeconfig", "nowhere"));
			expectRefusal(
				await components.up(),
				/kubeconfig: got "nowhere" \(ENOENT.*fix: pulumi config set kubeconfig <path>/,
			);
		});

		it("deploys to the cluster of a kubeconfig, in its own namespace", async () => {
			await succeeds(components.pulumi("config", "set", "kubeconfig", lab().kubeconfig()));
			await succeeds(components.pulumi("config", "set", "--path", "nodes[0]", `${clusterName}-worker`));
			await succeeds(components.up());
			const { service, pods, connectivity } = (await components.outputs()) as {
				service: { nodePort: number };
				pods: { node: string }[];
				connectivity: { address: string; outcome: string }[];
			};
			expect(service).toMatchObject({ name: "front", namespace: "nodeport-components", port: 80 });
			const nodePort = await lab().kubectl(
				...["--namespace", "nodeport-components", "get", "service", "front"],
				"--output=jsonpath={.spec.ports[0].nodePort}",
			);
			expect(nodePort).toBe(String(service.nodePort));
			expect(pods.map(({ node }) => node)).toEqual([`${clusterName}-worker`, `${clusterName}-worker`]);
			expect(connectivity.filter(({ address }) => address.endsWith(`:${nodePort}`)).length).toBe(2);
			expect(new Set(connectivity.map(({ outcome }) => outcome))).toEqual(new Set(["ok"]));
		});

		it("keeps the kubeconfig secret, and leaves nothing once it is destroyed", async () => {
			const credentials = credentialsOf(await readFile(lab().kubeconfig(), "utf8"));
			expect(await filesWith(credentials, lab().folder)).toEqual([lab().kubeconfig()]);
			await succeeds(components.destroy());
			expect(components.printed.filter((text) => holdsAny(text, credentials))).toEqual([]);
			expect(await lab().kubectl("get", "namespaces", "--output=name")).not.toContain("nodeport-components");
		});
	});

export const consumerIsDestroyed = (lab: () => Lab) =>
	it("a consumer is destroyed with its Job and the Job's pods", async () => {
		await succeeds(consumer.destroy());
		expect(await lab().kubectl("get", "jobs,pods", "--output=name")).not.toContain("calls");
		await succeeds(consumer.up());
	});

export const consumerAfterLab = () =>
	it("a consumer is destroyed also after its lab", async () => {
		expectRefusal(await consumer.up(), `the stack "${labStack}" has no outputs: its lab isn't up (destroyed or`);
		await succeeds(consumer.destroy());
		expect(JSON.parse((await consumer.pulumi("stack", "export")).all).deployment.resources ?? []).toEqual([]);
		expect(await leftovers()).toEqual([]);
	});

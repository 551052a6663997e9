/**
 * A lab with three workers, in a clone whose path has characters that shells and URLs treat specially. Its commands,
 * the lesson, faults through its API, and the drawbacks; the tests build on each other.
 */
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, expect, it } from "vitest";
import { drawbacks } from "./suites/drawbacks/experiments.ts";
import { objectFaults } from "./suites/objectFaults.ts";
import { scriptedLearner } from "./suites/scriptedLearner.ts";
import { clusterName, Lab } from "./support/lab.ts";
import { leftovers } from "./support/testResources.ts";

let lab: Lab;

beforeAll(async () => {
	lab = await Lab.create({ withSetUp: true, path: "my labs/100% #1/é" });
	return () => lab.remove();
});

it("starts with doctor and set-up in a folder with special characters in its path", async () => {
	const { exitCode, all } = await lab.npm("start");
	expect(exitCode, all).toBe(0);
	expect(all).toContain("verified at");
});

it("verifies and explains there", async () => {
	const verified = await lab.npm("verify");
	expect(verified.exitCode, verified.all).toBe(0);
	const route = ["--from", "dnsutils", "--to", `${clusterName}-control-plane`];
	const explained = await lab.run("cli/explain.ts", ...route);
	expect(explained.exitCode, explained.all).toBe(0);
	expect(explained.all).toContain("KUBE-SVC-SR75RJIBNEHN2H65");
});

it("writes a .toolchain/env there that a shell can source", async () => {
	const script =
		". ./.toolchain/env && pulumi stack output nodePort && kubectl get nodes --output=name && command -v kind";
	const env = { ...lab.env, KUBECONFIG: lab.kubeconfig() };
	const { stdout } = await execa("sh", ["-c", script], { cwd: lab.folder, env });
	const nodes = ["control-plane", "worker", "worker2", "worker3"].map((role) => `node/${clusterName}-${role}`);
	expect(stdout.split("\n")).toEqual(["30040", ...nodes, join(lab.folder, ".toolchain/bin/kind")]);
});

scriptedLearner(() => lab);
objectFaults(() => lab);
drawbacks(() => lab);

it("is destroyed there", async () => {
	const { exitCode, all } = await lab.npm("destroy");
	expect(exitCode, all).toBe(0);
	expect(await leftovers()).toEqual([]);
});

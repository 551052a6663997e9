/**
 * Faults outside the lab's commands: the next command that a user runs ends with a verified lab. The tests build on each
 * other, and each leaves the lab as it was.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import { ifSlow, itIfSlow } from "./suites/selection.ts";
import { addressOf, docker, expectNoNewVolumes, expectOwnAddresses, occupy } from "./support/dockerEngine.ts";
import { clusterName, Lab } from "./support/lab.ts";
import { Recoveries } from "./support/recoveries.ts";
import { leftovers, network, unusedVolumes } from "./support/testResources.ts";

const [controlPlane, worker] = [`${clusterName}-control-plane`, `${clusterName}-worker`];
const recoveries = new Recoveries();

let lab: Lab;
let unusedBefore: string[];

const deleteCluster = () =>
	execa("kind", ["delete", "cluster", "--name", clusterName, "--kubeconfig", join(lab.folder, "none")]);
const isRunning = (program: RegExp) => (programs: string[]) => programs.some((line) => program.test(line));

async function nothingIsLeft(): Promise<void> {
	expect(await leftovers()).toEqual([]);
	await expectNoNewVolumes(unusedBefore);
	expect(JSON.parse(await lab.state()).checkpoint.latest.resources ?? []).toEqual([]);
}

beforeAll(async () => {
	lab = await Lab.create();
	await lab.stack.setConfig("workers", { value: "1" });
	unusedBefore = await unusedVolumes();
	return async () => {
		console.log(recoveries.table());
		await lab.remove();
	};
});

describe("npm start after an interrupted one", () => {
	const nothing = async () => {};
	const deleteDeployment = () => lab.kubectl("delete", "deployment/app1", "--wait");
	const isDeployed = async () => (await lab.kubectl("get", "deployment/app1").catch(() => "")) !== "";
	const loseReport = () => rm(join(lab.folder, "out/verification.json"));

	const isVerifying = isRunning(/verification\/verificationProgram\.ts/);

	it.each([
		["Ctrl-C", "kind creates the cluster", nothing, isRunning(/docker exec .* kubeadm (init|join)/)],
		...ifSlow([
			["Ctrl-C", "the echo is deployed", deleteDeployment, isDeployed],
			["Ctrl-C", "the verification runs", loseReport, isVerifying],
			["SIGKILL", "the verification runs", loseReport, isVerifying],
		] as const),
	] as const)("resumes after %s while %s", async (how, when, prepare, isSo) => {
		await prepare();
		const run =
			how === "Ctrl-C" ? lab.runInterruptedWhen(isSo, "cli/start.ts") : lab.runKilledWhen(isSo, "cli/start.ts");
		const { exitCode, all } = await run;
		if (how === "Ctrl-C") {
			expect(exitCode, all).toBe(130);
			expect(all).toContain("interrupted (SIGINT): run the same command again");
			expect(all).not.toContain("received; terminating");
		}
		const printed = await recoveries.start(lab, `a start ended by ${how} while ${when}`);
		expect(printed.includes("releasing the stack's lock"), printed).toBe(how === "SIGKILL");
	});
});

describe("nodes that don't run", () => {
	type Fault = [fault: string, command: string[], node: string, message: string];
	it.each<Fault>([
		["a paused worker", ["pause"], worker, "is paused: unpausing it"],
		...ifSlow<Fault>([
			["a stopped worker", ["stop", "--time=0"], worker, "is exited: starting it"],
			["a stopped control plane", ["stop", "--time=0"], controlPlane, "is exited: starting it"],
			// They may run again before the start checks them.
			["a restarted control plane", ["restart", "--time=0"], controlPlane, "verified at"],
			["a restarted worker", ["restart", "--time=0"], worker, "verified at"],
		]),
	])("%s: npm start starts it and keeps the cluster", async (fault, command, node, message) => {
		const id = await docker("inspect", "--format", "{{.Id}}", node);
		await docker(...command, node);
		expect(await recoveries.start(lab, fault)).toContain(message);
		expect(await docker("inspect", "--format", "{{.Id}}", node)).toBe(id);
	});

	it("are used with their new addresses in files, certificates, Nodes, outputs and rules", async () => {
		const before = await Promise.all([addressOf(controlPlane), addressOf(worker)]);
		await docker("stop", "--time=0", worker, controlPlane);
		const squatters = await occupy(network, before);
		try {
			await recoveries.start(lab, "nodes with new addresses");
		} finally {
			await docker("rm", "--force", ...squatters);
		}
		await expectOwnAddresses(lab, [controlPlane, worker]);
		for (const node of [controlPlane, worker]) expect(before).not.toContain(await addressOf(node));
	});
});

it("a second npm start waits for the first one, and has nothing to do", async () => {
	await lab.kubectl("delete", "deployment/app1", "--wait");
	const first = lab.run("cli/start.ts");
	await new Promise((resolve) => first.all?.once("data", resolve));
	const second = await lab.run("cli/start.ts");
	expect((await first).exitCode, (await first).all).toBe(0);
	expect(second.exitCode, second.all).toBe(0);
	expect(second.all).toContain(`waiting for process ${first.pid}, which holds the lock of the stack test (`);
	const [update] = await lab.stack.history(1);
	expect(Object.keys(update?.resourceChanges ?? {}).sort(), second.all).toEqual(["read", "same"]);
});

describe("a lost cluster", () => {
	itIfSlow("is recreated and reported when a worker's container was removed", async () => {
		await docker("rm", "--force", "--volumes", worker);
		const printed = await recoveries.start(lab, "a worker's container removed");
		expect(printed).toContain(
			`the cluster ${clusterName} has lost the container of ${worker}: the update recreates it`,
		);
		expect((await leftovers()).sort()).toEqual([controlPlane, worker]);
	});

	itIfSlow("is recreated and reported when it was deleted without Pulumi", async () => {
		await deleteCluster();
		const printed = await recoveries.start(lab, "the cluster deleted");
		expect(printed).toContain(`the cluster ${clusterName} no longer exists, as after \`kind delete cluster\``);
	});
});

describe("what a killed Pulumi CLI had started", () => {
	const isMade = isRunning(/docker exec .* kubeadm (init|join)/);

	/** Kills only the Pulumi CLI: kind continues to create the cluster. */
	async function killPulumi() {
		await deleteCluster();
		const { exitCode, all } = await lab.runWithPulumiKilledWhen(isMade, "cli/start.ts");
		expect(exitCode, all).toBe(1);
		expect(all).toContain("pulumi was ended by SIGKILL: run the same command again");
	}

	itIfSlow("is used by the next npm start once it has finished", async () => {
		await killPulumi();
		await recoveries.start(lab, "the Pulumi CLI killed while kind creates the cluster");
		expect((await leftovers()).sort()).toEqual([controlPlane, worker]);
	});

	itIfSlow("is removed by destroy once it has finished", async () => {
		await killPulumi();
		await recoveries.destroy(lab, "the Pulumi CLI killed while kind creates the cluster");
		await nothingIsLeft();
		await recoveries.start(lab, "lab destroyed");
	});
});

describe("a destroy", () => {
	const isDeleting = isRunning(/kind delete cluster/);

	itIfSlow("interrupted by Ctrl-C is resumed by the next one, and the lab starts again", async () => {
		const { exitCode, all } = await lab.runInterruptedWhen(isDeleting, "cli/destroy.ts");
		expect(exitCode, all).toBe(130);
		expect(all).not.toContain("received; terminating");
		await recoveries.destroy(lab, "destroy ended by Ctrl-C");
		await nothingIsLeft();
		await recoveries.start(lab, "lab destroyed");
	});

	itIfSlow("ended by SIGKILL is resumed by the next one, and the lab starts again", async () => {
		await lab.runKilledWhen(isDeleting, "cli/destroy.ts");
		const printed = await recoveries.destroy(lab, "destroy ended by SIGKILL");
		expect(printed).toContain("releasing the stack's lock");
		await nothingIsLeft();
		await recoveries.start(lab, "lab destroyed");
	});

	it("of a cluster that was deleted without Pulumi leaves nothing", async () => {
		await deleteCluster();
		await recoveries.destroy(lab, "the cluster deleted");
		await nothingIsLeft();
	});
});

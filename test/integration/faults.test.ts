/**
 * What happens to a lab beside what its commands do: each fault ends with the lab verified by the command that anybody
 * would run next. The tests build on each other, and each leaves the lab as it was.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import { addressOf, docker, expectOwnAddresses, occupy } from "./engine.ts";
import { clusterName, Lab, leftovers, volumes } from "./lab.ts";
import { Recoveries } from "./recoveries.ts";

const [controlPlane, worker] = [`${clusterName}-control-plane`, `${clusterName}-worker`];
const recoveries = new Recoveries();

let lab: Lab;
let volumesBefore: string[];

const deleteCluster = () =>
	execa("kind", ["delete", "cluster", "--name", clusterName, "--kubeconfig", join(lab.folder, "none")]);
const isRunning = (program: RegExp) => (programs: string[]) => programs.some((line) => program.test(line));

async function nothingIsLeft(): Promise<void> {
	expect(await leftovers()).toEqual([]);
	expect((await volumes()).filter((volume) => !volumesBefore.includes(volume))).toEqual([]);
	expect(JSON.parse(await lab.state()).checkpoint.latest.resources ?? []).toEqual([]);
}

beforeAll(async () => {
	lab = await Lab.create();
	await lab.stack.setConfig("workers", { value: "1" });
	volumesBefore = await volumes();
	return async () => {
		console.log(recoveries.table());
		await lab.remove();
	};
});

describe("a start that ends early", () => {
	const nothing = async () => {};
	const deleteDeployment = () => lab.kubectl("delete", "deployment/app1", "--wait");
	const isDeployed = async () => (await lab.kubectl("get", "deployment/app1").catch(() => "")) !== "";
	const loseReport = () => rm(join(lab.folder, "out/verification.json"));

	it.each([
		["Ctrl-C", "kind makes the cluster", nothing, isRunning(/docker exec .* kubeadm (init|join)/)],
		["Ctrl-C", "the echo is deployed", deleteDeployment, isDeployed],
		["Ctrl-C", "the verification runs", loseReport, isRunning(/verification\/verificationProgram\.ts/)],
		["SIGKILL", "the verification runs", loseReport, isRunning(/verification\/verificationProgram\.ts/)],
	] as const)("by %s while %s goes on at the next", async (how, when, prepare, isSo) => {
		await prepare();
		const run =
			how === "Ctrl-C" ? lab.runInterruptedWhen(isSo, "cli/start.ts") : lab.runKilledWhen(isSo, "cli/start.ts");
		const { exitCode, all } = await run;
		if (how === "Ctrl-C") {
			expect(exitCode, all).toBe(130);
			expect(all).toContain("interrupted (SIGINT): run the same command again");
			expect(all).not.toContain("received; terminating");
		}
		const said = await recoveries.start(lab, `start ended by ${how} while ${when}`);
		expect(said.includes("releasing the stack's lock"), said).toBe(how === "SIGKILL");
	});
});

describe("nodes at rest", () => {
	it.each([
		["a stopped worker", ["stop", "--time=0"], worker, "is exited: starting it"],
		["a paused worker", ["pause"], worker, "is paused: waking it"],
		["a stopped control plane", ["stop", "--time=0"], controlPlane, "is exited: starting it"],
		// They may be back before anybody asks.
		["a worker that starts", ["restart", "--time=0"], worker, "verified at"],
		["a control plane that starts", ["restart", "--time=0"], controlPlane, "verified at"],
	])("wakes %s, and keeps the cluster", async (fault, command, node, message) => {
		const id = await docker("inspect", "--format", "{{.Id}}", node);
		await docker(...command, node);
		expect(await recoveries.start(lab, fault)).toContain(message);
		expect(await docker("inspect", "--format", "{{.Id}}", node)).toBe(id);
	});

	it("follows nodes to other addresses, in files, certificates, Nodes, outputs and rules", async () => {
		const before = await Promise.all([addressOf(controlPlane), addressOf(worker)]);
		await docker("stop", "--time=0", worker, controlPlane);
		const squatters = await occupy("kind", before);
		try {
			await recoveries.start(lab, "nodes that get other addresses");
		} finally {
			await docker("rm", "--force", ...squatters);
		}
		await expectOwnAddresses(lab, [controlPlane, worker]);
		for (const node of [controlPlane, worker]) expect(before).not.toContain(await addressOf(node));
	});
});

it("makes a second start wait for the first, and find everything there", async () => {
	await lab.kubectl("delete", "deployment/app1", "--wait");
	const first = lab.run("cli/start.ts");
	await new Promise((resolve) => first.all?.once("data", resolve));
	const second = await lab.run("cli/start.ts");
	expect((await first).exitCode, (await first).all).toBe(0);
	expect(second.exitCode, second.all).toBe(0);
	expect(second.all).toContain(`waiting for process ${first.pid}, which works on the stack test`);
	const [update] = await lab.stack.history(1);
	expect(Object.keys(update?.resourceChanges ?? {}).sort(), second.all).toEqual(["read", "same"]);
});

describe("a cluster that is lost", () => {
	it("is made anew, and said so, when a worker's container was removed", async () => {
		await docker("rm", "--force", "--volumes", worker);
		const said = await recoveries.start(lab, "a worker's container removed");
		expect(said).toContain(`the cluster ${clusterName} has lost the container of ${worker}: the update makes it anew`);
		expect((await leftovers()).sort()).toEqual([controlPlane, worker]);
	});

	it("is made anew, and said so, when it was deleted behind Pulumi's back", async () => {
		await deleteCluster();
		const said = await recoveries.start(lab, "the cluster deleted");
		expect(said).toContain(`the cluster ${clusterName} is gone, as after \`kind delete cluster\``);
	});
});

describe("what a killed pulumi had started", () => {
	const isMade = isRunning(/docker exec .* kubeadm (init|join)/);

	/** Only the Pulumi CLI is killed: kind, which makes the cluster, goes on. */
	async function killPulumi() {
		await deleteCluster();
		const { exitCode, all } = await lab.runWithPulumiKilledWhen(isMade, "cli/start.ts");
		expect(exitCode, all).toBe(1);
		expect(all).toContain("pulumi was ended by SIGKILL: run the same command again");
	}

	it("is waited for, and taken over, by the next start", async () => {
		await killPulumi();
		await recoveries.start(lab, "pulumi alone killed while kind makes the cluster");
		expect((await leftovers()).sort()).toEqual([controlPlane, worker]);
	});

	it("is waited for, and removed, by destroy", async () => {
		await killPulumi();
		await recoveries.destroy(lab, "pulumi alone killed while kind makes the cluster");
		await nothingIsLeft();
		await recoveries.start(lab, "lab destroyed");
	});
});

describe("a destroy", () => {
	const isDeleting = isRunning(/kind delete cluster/);

	it("that ends by Ctrl-C goes on at the next, and the lab comes back", async () => {
		const { exitCode, all } = await lab.runInterruptedWhen(isDeleting, "cli/destroy.ts");
		expect(exitCode, all).toBe(130);
		expect(all).not.toContain("received; terminating");
		await recoveries.destroy(lab, "destroy ended by Ctrl-C");
		await nothingIsLeft();
		await recoveries.start(lab, "lab destroyed");
	});

	it("that ends by SIGKILL goes on at the next, and the lab comes back", async () => {
		await lab.runKilledWhen(isDeleting, "cli/destroy.ts");
		const said = await recoveries.destroy(lab, "destroy ended by SIGKILL");
		expect(said).toContain("releasing the stack's lock");
		await nothingIsLeft();
		await recoveries.start(lab, "lab destroyed");
	});

	it("of a cluster that was deleted behind Pulumi's back leaves nothing", async () => {
		await deleteCluster();
		await recoveries.destroy(lab, "the cluster deleted");
		await nothingIsLeft();
	});
});

/**
 * Faults of the lab's network, the disk and the Docker engine, which is restarted: `npm run test:faults`. Each ends with
 * a lab that `npm start`, with doctor and set-up, has verified.
 */
import { existsSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, expect, it } from "vitest";
import { ownDockerd, stopOwnDockerd } from "../../toolchain/engine/dockerd.ts";
import { describeIfSlow } from "./suites/selection.ts";
import { addressOf, docker, expectOwnAddresses, occupy } from "./support/dockerEngine.ts";
import { clusterName, Lab } from "./support/lab.ts";
import { Recoveries } from "./support/recoveries.ts";
import { network } from "./support/testResources.ts";

const nodes = ["control-plane", "worker"].map((role) => `${clusterName}-${role}`);

describeIfSlow("a lab", () => {
	const recoveries = new Recoveries({ withSetUp: true });
	let lab: Lab;

	beforeAll(async () => {
		lab = await Lab.create({ withSetUp: true });
		await lab.stack.setConfig("workers", { value: "1" });
		await recoveries.start(lab, "none: the first start");
		return async () => {
			console.log(recoveries.table());
			await lab.remove();
		};
	});

	it.each([
		["were stopped and their network was removed", nodes, ["network", "rm", network]],
		[
			"run, one of them disconnected from their network",
			nodes.slice(1),
			["network", "disconnect", network, nodes[1] ?? ""],
		],
	])("is recreated and reported when its nodes %s", async (fault, cutOff, command) => {
		if (command.includes("rm")) await docker("stop", "--time=0", ...nodes);
		await docker(...command);
		const printed = await recoveries.start(lab, `nodes ${fault}`);
		const names = cutOff.join(", ");
		expect(printed).toContain(`${clusterName} has lost its Docker network, without which ${names} can't be used`);
		await expectOwnAddresses(lab, nodes);
	});

	it.for([
		["its nodes run", false],
		["its nodes are stopped, and other containers get their addresses", true],
	] as const)(
		"is verified after a restart of the engine that set-up started, while %s",
		async ([fault, areTaken], { skip }) => {
			if (ownDockerd() === undefined) skip("set-up didn't start the Docker engine");
			const before = await Promise.all(nodes.map(addressOf));
			const ids = await docker("inspect", "--format", "{{.Id}}", ...nodes);
			if (areTaken) {
				await docker("update", "--restart=no", ...nodes); // Otherwise the engine starts stopped containers.
				await docker("stop", "--time=0", ...nodes);
			}
			await stopOwnDockerd();
			if (areTaken) expect(await lab.npm("setup")).toMatchObject({ exitCode: 0 }); // Starts the engine, but no lab.
			const others = areTaken ? await occupy(network, before) : [];
			await recoveries.start(lab, `the engine restarted while ${fault}`);
			if (others.length > 0) await docker("rm", "--force", ...others);
			expect(await docker("inspect", "--format", "{{.Id}}", ...nodes)).toBe(ids);
			await expectOwnAddresses(lab, nodes);
			if (areTaken) for (const node of nodes) expect(before).not.toContain(await addressOf(node));
		},
	);
});

describeIfSlow("set-up", () => {
	/** One step, in its own process: after a failure, a process starts no further program. */
	const step = `
		import { explain } from "./toolchain/setupError.ts";
		import { kindStep } from "./toolchain/tools/locate.ts";
		import { doSteps } from "./toolchain/steps/runSteps.ts";
		await doSteps([kindStep], "silent").catch(({ step, cause }) => {
			console.error(explain(step.title, cause));
			process.exit(1);
		});`;

	it("doesn't begin when the doctor finds too little disk space", async ({ skip }) => {
		if (process.getuid?.() !== 0) skip("only root may mount a disk");
		const lab = await Lab.create({ withSetUp: true });
		await withDisk(4, async (disk) => {
			const { exitCode, all } = await lab.npm("start", { XDG_CACHE_HOME: disk });
			expect(exitCode, all).toBe(1);
			expect(all).toMatch(/^Preflight failed with \d+ error/m);
			expect(all).toMatch(new RegExp(`stop +disk .*set-up's cache \\(${disk}`));
			expect(readdirSync(disk)).toEqual([]);
		});
		await lab.remove();
	});

	it("reports a full disk, leaves nothing incomplete, and resumes once there is space", async ({ skip }) => {
		if (process.getuid?.() !== 0) skip("only root may mount a disk");
		await withDisk(4, async (disk, resize) => {
			const [cache, temporary] = [join(disk, "cache"), join(disk, "tmp")];
			await mkdir(temporary);
			const env = { XDG_CACHE_HOME: cache, GOTMPDIR: temporary, GOCACHE: await goCache() };
			const setUp = () =>
				execa("node", ["--import", "tsx", "--input-type=module", "-"], { input: step, env, reject: false });
			const { exitCode, stderr } = await setUp();
			expect(exitCode, stderr).toBe(1);
			expect(stderr).toMatch(/^kind: no space left: .*no space left on device/);
			expect(stderr).toMatch(/set-up's cache: \d+ of 4 MiB are free at .*; more: export XDG_CACHE_HOME=/);
			expect(stderr).toMatch(/What to do: free some of the disk .* then run the same command again/);
			expect(readdirSync(temporary)).toEqual([]);
			expect(readdirSync(join(cache, "nodeport-lab", "unfinished"))).toEqual([]);
			await resize(256);
			const again = await setUp();
			expect(again.exitCode, again.stderr).toBe(0);
			const built = readdirSync(join(cache, "nodeport-lab")).find((name) => name.startsWith("kind-")) ?? "";
			expect(existsSync(join(cache, "nodeport-lab", built, "kind"))).toBe(true);
		});
	});
});

/** Mounts a disk of this many MiB, and unmounts it afterwards. */
async function withDisk(
	mebibytes: number,
	use: (folder: string, resize: (mebibytes: number) => Promise<unknown>) => Promise<void>,
): Promise<void> {
	const folder = await mkdtemp(join(tmpdir(), "nodeport-lab-disk-"));
	const mount = (options: string, size: number) =>
		execa("mount", ["-t", "tmpfs", "-o", `${options}size=${size}m`, "tmpfs", folder]);
	await mount("", mebibytes);
	try {
		await use(folder, (size) => mount("remount,", size));
	} finally {
		await execa("umount", [folder]);
		await rm(folder, { recursive: true });
	}
}

/** Go's build cache, which would otherwise be in XDG_CACHE_HOME. */
const goCache = async (): Promise<string> => (await execa("go", ["env", "GOCACHE"])).stdout;

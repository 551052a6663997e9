/**
 * Faults of what the lab stands on: its network, the disk, the Docker engine, which is restarted: `npm run test:faults`.
 * Each ends with the lab verified by the whole of `npm start`: the doctor, the set-up, the lab.
 */
import { existsSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { ownDockerd, stopOwnDockerd } from "../../toolchain/engine/dockerd.ts";
import { addressOf, docker, expectOwnAddresses, occupy } from "./engine.ts";
import { clusterName, Lab } from "./lab.ts";
import { Recoveries } from "./recoveries.ts";

const nodes = ["control-plane", "worker"].map((role) => `${clusterName}-${role}`);

describe.runIf(process.env.SLOW)("a lab", () => {
	/** kind's usual one may have other clusters on it. */
	const network = `${clusterName}-network`;
	const recoveries = new Recoveries({ whole: true });
	let lab: Lab;

	beforeAll(async () => {
		vi.stubEnv("KIND_EXPERIMENTAL_DOCKER_NETWORK", network);
		lab = await Lab.create({ withSetUp: true });
		await lab.stack.setConfig("workers", { value: "1" });
		await recoveries.start(lab, "none: the first start");
		return async () => {
			console.log(recoveries.table());
			await lab.remove();
			await docker("network", "rm", network);
		};
	});

	it.each([
		["were stopped and their network was removed", nodes, ["network", "rm", network]],
		["run, one of them off their network", nodes.slice(1), ["network", "disconnect", network, nodes[1] ?? ""]],
	])("is made anew, and says so, when its nodes %s", async (fault, cutOff, command) => {
		if (command.includes("rm")) await docker("stop", "--time=0", ...nodes);
		await docker(...command);
		const said = await recoveries.start(lab, `nodes ${fault}`);
		const names = cutOff.join(", ");
		expect(said).toContain(`${clusterName} has lost its Docker network, without which ${names} cannot be used`);
		await expectOwnAddresses(lab, nodes);
	});

	it.for([
		["its nodes run, whatever addresses they get then", false],
		["its nodes stay stopped, and others get their addresses", true],
	] as const)(
		"follows when the engine that set-up started is restarted while %s",
		async ([fault, areTaken], { skip }) => {
			if (ownDockerd() === undefined) skip("the Docker engine is not one that set-up has started");
			const before = await Promise.all(nodes.map(addressOf));
			const ids = await docker("inspect", "--format", "{{.Id}}", ...nodes);
			if (areTaken) {
				await docker("update", "--restart=no", ...nodes); // Else the engine starts them, though they were stopped.
				await docker("stop", "--time=0", ...nodes);
			}
			await stopOwnDockerd();
			if (areTaken) expect(await lab.npm("setup")).toMatchObject({ exitCode: 0 }); // Starts the engine, and no lab.
			const others = areTaken ? await occupy(network, before) : [];
			await recoveries.start(lab, `the engine restarted while ${fault}`);
			if (others.length > 0) await docker("rm", "--force", ...others);
			expect(await docker("inspect", "--format", "{{.Id}}", ...nodes)).toBe(ids);
			await expectOwnAddresses(lab, nodes);
			if (areTaken) for (const node of nodes) expect(before).not.toContain(await addressOf(node));
		},
	);
});

describe.runIf(process.env.SLOW)("set-up", () => {
	/** One step of it, in a process of its own, as after a failure no program starts any more. */
	const step = `
		import { explain } from "./toolchain/fault.ts";
		import { kindStep } from "./toolchain/locate.ts";
		import { doSteps } from "./toolchain/steps.ts";
		await doSteps([kindStep], "silent").catch(({ step, cause }) => {
			console.error(explain(step.title, cause));
			process.exit(1);
		});`;

	it("is not begun where the doctor finds too little room", async ({ skip }) => {
		if (process.getuid?.() !== 0) skip("only root may mount a disk");
		const lab = await Lab.create({ withSetUp: true });
		await withDisk(4, async (disk) => {
			const { exitCode, all } = await lab.npm("start", { XDG_CACHE_HOME: disk });
			expect(exitCode, all).toBe(1);
			expect(all).toContain("The lab cannot work here yet");
			expect(all).toMatch(new RegExp(`stop +disk .*set-up's cache \\(${disk}`));
			expect(readdirSync(disk)).toEqual([]);
		});
		await lab.remove();
	});

	it("says that its disk is full, leaves nothing half made, and goes on once there is room", async ({ skip }) => {
		if (process.getuid?.() !== 0) skip("only root may mount a disk");
		await withDisk(4, async (disk, resize) => {
			const [cache, temporary] = [join(disk, "cache"), join(disk, "tmp")];
			await mkdir(temporary);
			const env = { XDG_CACHE_HOME: cache, GOTMPDIR: temporary, GOCACHE: await goCache() };
			const setUp = () =>
				execa("node", ["--import", "tsx", "--input-type=module", "-"], { input: step, env, reject: false });
			const { exitCode, stderr } = await setUp();
			expect(exitCode, stderr).toBe(1);
			expect(stderr).toMatch(/^kind: there is no room left: .*no space left on device/);
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

/** Does something with a disk of so many MiB, which is gone afterwards. */
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

/** Where Go keeps what it has compiled: it follows XDG_CACHE_HOME unless it is told. */
const goCache = async (): Promise<string> => (await execa("go", ["env", "GOCACHE"])).stdout;

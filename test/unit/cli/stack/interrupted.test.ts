import { existsSync, readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { execa } from "execa";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { removeUnrecorded, settleLocks } from "../../../../cli/stack/interrupted.ts";
import { stack } from "../../../../cli/stack/stack.ts";
import { pendingCreations } from "../../../../cli/stack/state.ts";
import { program, scratchFolder } from "../../fakePrograms.ts";
import { pending, writeState } from "../stackState.ts";

const folder = `.state/.pulumi/locks/organization/nodeport-lab/${stack}`;

async function lock(name: string, changes: object = {}): Promise<void> {
	const own = { pid: process.pid, username: "me", hostname: hostname(), timestamp: new Date().toISOString() };
	await mkdir(folder, { recursive: true });
	await writeFile(`${folder}/${name}.json`, JSON.stringify({ ...own, ...changes }));
	await writeFile(`${folder}/${name}.json.attrs`, "{}");
}

/** The id of a process that has ended. */
const gone = async () => Number((await execa("sh", ["-c", "echo $$"])).stdout);

scratchFolder();
beforeEach(async () => {
	vi.stubEnv("PULUMI_BACKEND_URL", "");
	vi.spyOn(console, "error")
		.mockClear()
		.mockImplementation(() => {});
	await program("pulumi", 'echo "$*" > cancelled');
});

describe("the stack's lock", () => {
	it("says nothing where there is no lock", async () => {
		await settleLocks();
		expect(console.error).not.toHaveBeenCalled();
		expect(existsSync("cancelled")).toBe(false);
	});

	it("takes a process that has ended, but that nobody has waited for yet, for gone", async () => {
		// It ends once the shell, which would take note of it, has become another program.
		const parent = execa("sh", ["-c", "sleep 1 & echo $!; exec sleep 60"], { reject: false });
		const pid = await new Promise<number>((resolve) => parent.stdout.once("data", (data) => resolve(Number(data))));
		await vi.waitUntil(() => readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z "), { timeout: 10_000 });
		await lock("a", { pid });
		await settleLocks();
		parent.kill();
		expect(existsSync("cancelled")).toBe(true);
	});

	it("releases the lock of a killed update, in one line", async () => {
		const pid = await gone();
		await lock("a", { pid });
		await settleLocks();
		expect(existsSync("cancelled")).toBe(true);
		expect(vi.mocked(console.error).mock.calls).toEqual([[expect.stringContaining(`process ${pid}`)]]);
	});

	it("releases a lock from before the machine started, whoever has that process id now", async () => {
		await lock("a", { timestamp: "2001-01-01T00:00:00Z" });
		await settleLocks();
		expect(existsSync("cancelled")).toBe(true);
	});

	it("releases a lock that is older than the process which has that process id now", async () => {
		const other = execa("sleep", ["60"], { reject: false });
		await lock("a", { pid: other.pid, timestamp: new Date(Date.now() - 5000).toISOString() });
		await settleLocks();
		other.kill();
		expect(existsSync("cancelled")).toBe(true);
	});

	it("waits for a process that runs, says for which, and releases what it left when it was killed", async () => {
		const other = execa("sleep", ["60"], { reject: false });
		await lock("a", { pid: other.pid });
		const settled = settleLocks();
		const said = vi.mocked(console.error);
		await vi.waitUntil(() => said.mock.calls.length > 0, { timeout: 10_000 });
		expect(existsSync("cancelled")).toBe(false);
		other.kill("SIGKILL");
		await settled;
		expect(said.mock.calls).toEqual([
			[`waiting for process ${other.pid}, which works on the stack ${stack}`],
			[expect.stringContaining(`process ${other.pid}, which took it, is gone`)],
		]);
		expect(existsSync("cancelled")).toBe(true);
	});

	it("has nothing left to do when the process that it waits for ends well", async () => {
		await lock("a");
		const settled = settleLocks();
		await vi.waitUntil(() => vi.mocked(console.error).mock.calls.length > 0, { timeout: 10_000 });
		await rm(folder, { recursive: true });
		await settled;
		expect(existsSync("cancelled")).toBe(false);
	});

	it("leaves a lock of another machine to Pulumi, also beside one that is left", async () => {
		await lock("a", { pid: await gone() });
		await lock("b", { pid: 1, hostname: "elsewhere" });
		await settleLocks();
		expect(existsSync("cancelled")).toBe(false);
	});

	it("has nothing to do with a state that is elsewhere", async () => {
		vi.stubEnv("PULUMI_BACKEND_URL", "https://state.example");
		await lock("a", { pid: await gone() });
		await settleLocks();
		expect(existsSync("cancelled")).toBe(false);
	});
});

describe("what a killed update was making in the cluster", () => {
	const state = (...operations: object[]) =>
		writeState([{ urn: "urn:kubernetes:core/v1:Pod", type: "kubernetes:core/v1:Pod" }], operations);

	const access = { kubeconfig: ".kube/c.yaml" };
	beforeEach(() => program("kubectl", 'echo "$*" >> deleted'));

	it("is removed, and nothing else", async () => {
		await state(
			pending("creating", "kubernetes:apps/v1:Deployment", { name: "app1", namespace: "shop" }),
			pending("creating", "kubernetes:core/v1:Namespace", { name: "shop" }),
			pending("updating", "kubernetes:core/v1:Service", { name: "front", namespace: "shop" }),
			// A later update has made it: the state knows it.
			pending("creating", "kubernetes:core/v1:Pod", { name: "dnsutils", namespace: "shop" }),
			pending("creating", "command:local:Command"),
			pending("creating", "pulumi:providers:kubernetes"),
		);
		await removeUnrecorded({ kind: "own", access });
		expect(readFileSync("deleted", "utf8").trim().split("\n")).toEqual([
			"--kubeconfig .kube/c.yaml --namespace shop delete Deployment.v1.apps app1 --ignore-not-found --timeout=60s",
			"--kubeconfig .kube/c.yaml --namespace default delete Namespace shop --ignore-not-found --timeout=60s",
		]);
		expect(console.error).toHaveBeenCalledWith(expect.stringContaining("Deployment shop/app1"));
	});

	it("is told, so that a refresh clears the notes of it, also of what the state knows", async () => {
		await state(
			pending("creating", "kubernetes:core/v1:Pod", { name: "dnsutils", namespace: "shop" }),
			pending("creating", "command:local:Command"),
			pending("deleting", "command:local:Command"),
		);
		const told = await pendingCreations();
		expect(told.map(({ type, recorded }) => `${type} ${recorded}`)).toEqual([
			"kubernetes:core/v1:Pod true",
			"command:local:Command false",
		]);
	});

	it("is nothing that was only read", async () => {
		await state({ type: "reading", resource: { urn: "urn:node", type: "kubernetes:core/v1:Node" } });
		expect(await pendingCreations()).toEqual([]);
	});

	it("is nothing where there is no state, and where the last update was not killed", async () => {
		await removeUnrecorded({ kind: "own", access });
		await writeFile("deleted", "");
		await state();
		await removeUnrecorded({ kind: "own", access });
		expect(readFileSync("deleted", "utf8")).toBe("");
	});
});

import { existsSync, readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { execa } from "execa";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { removeUnrecorded, settleLocks } from "../../../../cli/stack/interrupted.ts";
import { stack } from "../../../../cli/stack/stack.ts";
import { pendingCreations, readState } from "../../../../cli/stack/stackState.ts";
import { program, scratchFolder } from "../../fakePrograms.ts";
import { apiServer, deleted } from "../fakeCluster.ts";
import { pending, stateOf } from "../sampleState.ts";

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
	it("prints nothing if there is no lock", async () => {
		await settleLocks();
		expect(console.error).not.toHaveBeenCalled();
		expect(existsSync("cancelled")).toBe(false);
	});

	it("treats a zombie process as gone", async () => {
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

	it("releases a lock from before the machine started, even if a process has that id now", async () => {
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

	it("waits for a running process, prints which one, and releases the lock when that is killed", async () => {
		const other = execa("sleep", ["60"], { reject: false });
		await lock("a", { pid: other.pid });
		const settled = settleLocks();
		const said = vi.mocked(console.error);
		await vi.waitUntil(() => said.mock.calls.length > 0, { timeout: 10_000 });
		expect(existsSync("cancelled")).toBe(false);
		other.kill("SIGKILL");
		await settled;
		expect(said.mock.calls).toEqual([
			[`waiting for process ${other.pid}, which is updating the stack ${stack}`],
			[expect.stringContaining(`process ${other.pid} has ended: releasing the stack's lock that it left`)],
		]);
		expect(existsSync("cancelled")).toBe(true);
	});

	it("does nothing more when the process that it waits for ends normally", async () => {
		await lock("a");
		const settled = settleLocks();
		await vi.waitUntil(() => vi.mocked(console.error).mock.calls.length > 0, { timeout: 10_000 });
		await rm(folder, { recursive: true });
		await settled;
		expect(existsSync("cancelled")).toBe(false);
	});

	it("leaves a lock of another machine to Pulumi, also next to a stale one", async () => {
		await lock("a", { pid: await gone() });
		await lock("b", { pid: 1, hostname: "elsewhere" });
		await settleLocks();
		expect(existsSync("cancelled")).toBe(false);
	});

	it("ignores the folder if the user keeps the state elsewhere", async () => {
		vi.stubEnv("PULUMI_BACKEND_URL", "https://state.example");
		await lock("a", { pid: await gone() });
		await settleLocks();
		expect(existsSync("cancelled")).toBe(false);
	});
});

describe("what an interrupted update was creating in the cluster", () => {
	const cluster = apiServer();
	const state = (...operations: object[]) =>
		stateOf([{ urn: "urn:kubernetes:core/v1:Pod", type: "kubernetes:core/v1:Pod" }], operations);

	const access = { kubeconfig: "k" };

	it("is removed, and nothing else", async () => {
		const paths = ["/apis/apps/v1/namespaces/shop/deployments/app1", "/api/v1/namespaces/shop"];
		for (const path of paths) cluster.server.objects.set(path, {});
		const interrupted = state(
			pending("creating", "kubernetes:apps/v1:Deployment", { name: "app1", namespace: "shop" }),
			pending("creating", "kubernetes:core/v1:Namespace", { name: "shop", namespace: "default" }),
			pending("updating", "kubernetes:core/v1:Service", { name: "front", namespace: "shop" }),
			// A later update has created it, and the state records it.
			pending("creating", "kubernetes:core/v1:Pod", { name: "dnsutils", namespace: "shop" }),
			pending("creating", "command:local:Command"),
			pending("creating", "pulumi:providers:kubernetes"),
		);
		await removeUnrecorded(access, interrupted);
		expect(deleted(cluster.server)).toEqual(paths);
		expect(console.error).toHaveBeenCalledWith(expect.stringContaining("Deployment shop/app1"));
	});

	it("is waited for until it is gone", async () => {
		const path = "/api/v1/namespaces/shop/services/front";
		let reads = 0;
		cluster.server.intercept = (asked) => {
			if (asked.path !== path) return undefined;
			if (asked.method === "GET") reads++;
			return reads < 3 ? { status: 200, body: {} } : { status: 404, body: { kind: "Status" } };
		};
		const service = pending("creating", "kubernetes:core/v1:Service", { name: "front", namespace: "shop" });
		await removeUnrecorded(access, state(service));
		expect(reads).toBe(3);
	});

	it("is listed for the refresh, which clears the notes of it, also of what the state records", () => {
		const found = pendingCreations(
			state(
				pending("creating", "kubernetes:core/v1:Pod", { name: "dnsutils", namespace: "shop" }),
				pending("creating", "command:local:Command"),
				pending("deleting", "command:local:Command"),
			),
		);
		expect(found.map(({ type, recorded }) => `${type} ${recorded}`)).toEqual([
			"kubernetes:core/v1:Pod true",
			"command:local:Command false",
		]);
	});

	it("doesn't include what was only read", () => {
		expect(
			pendingCreations(state({ type: "reading", resource: { urn: "urn:node", type: "kubernetes:core/v1:Node" } })),
		).toEqual([]);
	});

	it("is nothing if there is no state, or if the last update wasn't interrupted", async () => {
		await removeUnrecorded(access, await readState());
		await removeUnrecorded(access, state());
		expect(cluster.server.asked).toEqual([]);
	});
});

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { stackName } from "../../../../cli/stack/stack.ts";
import { removeTemporaryFolders } from "../../../../cli/update/temporaryFolder.ts";
import { pulumi, quietly, removeResources } from "../../../../cli/update/update.ts";
import { isRunning } from "../../../../lib/process.ts";
import { program, scratchFolder } from "../../fakePrograms.ts";
import { apiServer } from "../fakeCluster.ts";
import { pending, writeState } from "../sampleState.ts";

const module = fileURLToPath(new URL("../../../../cli/update/update.ts", import.meta.url));
const tsx = fileURLToPath(new URL("../../../../node_modules/tsx/dist/loader.mjs", import.meta.url));

scratchFolder();

/** Another process that runs these statements with the module's functions. */
const inProcess = (statements: string) =>
	execa("node", ["--import", tsx, "--input-type=module", "-"], {
		input: `import { pulumi, removeResources } from ${JSON.stringify(module)}; ${statements}`,
		reject: false,
		detached: true,
	});

describe("a signal", () => {
	it.each([
		["SIGINT", 130],
		["SIGTERM", 143],
		["SIGHUP", 129],
	] as const)("%s reaches Pulumi once, however often it comes, and Pulumi ends by itself", async (signal, code) => {
		await program(
			"pulumi",
			'trap "echo interrupted >>printed" INT; echo begun; for i in $(seq 12); do sleep 0.1; done; echo ended >>printed; exit 255',
		);
		const command = inProcess('process.exitCode = await pulumi(["up"]);');
		for await (const line of command.iterable()) {
			if (line !== "begun") continue;
			// As a terminal sends it: to the command and all that it has started.
			for (let i = 0; i < 2; i++, await sleep(300)) process.kill(-(command.pid ?? 0), signal);
		}
		const { exitCode, stderr } = await command;
		expect(readFileSync("printed", "utf8")).toBe("interrupted\nended\n");
		expect(stderr).toBe(`interrupted (${signal}): run the same command again, it resumes where this one stopped`);
		expect(exitCode).toBe(code);
	});
});

describe("a run of Pulumi", () => {
	it("returns Pulumi's own exit code if nothing interrupts it", async () => {
		await program("pulumi", 'echo "$*"; exit 7');
		const { exitCode, stdout } = await inProcess('process.exitCode = await pulumi(["up", "--yes"]);');
		expect(stdout).toMatch(new RegExp(`^up --yes --stack ${stackName} --event-log \\S+$`));
		expect(exitCode).toBe(7);
	});

	it("fails with what Pulumi printed, if it prints nothing itself", async () => {
		await program("pulumi", "echo out; echo err >&2; exit 1");
		await expect(quietly(["up"])).rejects.toThrow(/^the update failed:\n(out\nerr|err\nout)$/);
	});

	it("doesn't end with the advice to delete the stack's tracked configuration", async () => {
		await program(
			"pulumi",
			"echo 'Resources: 3 deleted'; echo 'The resources in the stack have been deleted, but the history and" +
				" configuration associated with the stack are still maintained. '; " +
				"echo 'If you want to remove the stack completely, run `pulumi stack rm dev`.'",
		);
		const { stdout } = await inProcess("await removeResources();");
		expect(stdout.trim()).toBe("Resources: 3 deleted");
		expect(removeResources).toBeTypeOf("function");
	});
});

describe("a run of Pulumi that reports its status", () => {
	const type = "nodeport-lab:index:KindCluster$command:local:Command";
	const events = ["resourcePreEvent", "resOutputsEvent"].map((kind) =>
		JSON.stringify({
			[kind]: {
				metadata: { op: "create", urn: `urn:pulumi:dev::lab::${type}::made`, type, new: { custom: true } },
			},
		}),
	);
	const changing = `for log in "$@"; do :; done; printf '%s\\n' '${events.join("' '")}' >> "$log"`;
	const statement = "process.exitCode = await pulumi(['up'], { status: () => {} });";

	it("prints what changes, and not what Pulumi prints", async () => {
		await program("pulumi", `echo "Updating (dev)"; echo "W1130 reflector.go: watch closed" >&2; ${changing}`);
		const { stdout, stderr, exitCode } = await inProcess(statement);
		expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 0 });
		expect(stderr).toMatch(/^made: created \(\d\.\d s\)$/);
	});

	it("prints nothing if nothing changes", async () => {
		await program("pulumi", 'echo "Resources: 20 unchanged"');
		expect(await inProcess(statement)).toMatchObject({ stdout: "", stderr: "", exitCode: 0 });
	});

	it("prints the warnings of resources, once and without colors, and no other", async () => {
		const urn = `urn:pulumi:dev::lab::${type}::made`;
		const warnings = [
			{ urn, severity: "warning", message: "<{%fg 3%}>the cluster lab is recreated<{%reset%}>\n" },
			{ urn, severity: "warning", message: "waiting for pods", ephemeral: true },
			{ severity: "warning", message: "using pulumi-resource-kubernetes from PATH" },
			{ urn, severity: "debug", message: "request sent" },
		].map((diagnosticEvent) => JSON.stringify({ diagnosticEvent }));
		await program("pulumi", `for log in "$@"; do :; done; printf '%s\\n' '${warnings.join("' '")}' >> "$log"`);
		const { stderr, exitCode } = await inProcess(statement);
		expect({ stderr, exitCode }).toEqual({ stderr: "warning: the cluster lab is recreated", exitCode: 0 });
	});

	it("prints all that Pulumi printed if it fails", async () => {
		await program("pulumi", `${changing}; echo "Diagnostics:"; echo "error: quota exceeded" >&2; exit 255`);
		const { stderr, exitCode } = await inProcess(statement);
		expect(exitCode).toBe(255);
		expect(stderr).toMatch(/^made: created \(/);
		expect(stderr).toContain("Diagnostics:");
		expect(stderr).toContain("error: quota exceeded");
	});
});

describe("temporary files of Pulumi", () => {
	const secret = 'echo key > "$TMPDIR/kubeconfig123"';

	it("are in a folder that only the user can read, and are removed with it", async () => {
		await program("pulumi", `${secret}; stat -c %a "$TMPDIR" > mode; echo "$TMPDIR" > where`);
		expect(await pulumi(["up"])).toBe(0);
		expect(readFileSync("mode", "utf8").trim()).toBe("700");
		expect(readFileSync("where", "utf8")).toContain(`${process.cwd()}/.toolchain/tmp/`);
		expect(await readdir(".toolchain/tmp")).toEqual([]);
	});

	it("are removed by the next command after a kill, once Pulumi has ended too", async () => {
		await program("pulumi", `${secret}; echo $$ > pid; exec sleep 60`);
		const command = inProcess('await pulumi(["up"]);');
		const pid = await vi.waitUntil(() => existsSync("pid") && Number(readFileSync("pid", "utf8")), { timeout: 20_000 });
		const users = () => readdirSync(".toolchain/tmp").map((name) => `.toolchain/tmp/${name}/users.json`);
		await vi.waitUntil(() => readFileSync(users()[0] ?? "", "utf8").includes(`"pid":${pid}`), { timeout: 10_000 });
		command.kill("SIGKILL");
		await vi.waitUntil(() => !isRunning(command.pid ?? 0), { timeout: 10_000 });
		await removeTemporaryFolders();
		expect(await readdir(".toolchain/tmp")).toHaveLength(1);
		process.kill(Number(pid), "SIGKILL");
		await vi.waitUntil(() => !isRunning(Number(pid)), { timeout: 10_000 });
		await removeTemporaryFolders();
		expect(await readdir(".toolchain/tmp")).toEqual([]);
	});
});

describe("an operation that takes long", () => {
	const api = apiServer();
	const type = "kubernetes:apps/v1:Deployment";
	const urn = `urn:pulumi:dev::nodeport-lab::${type}::app1`;
	const inputs = {
		metadata: { name: "app1", namespace: "shop" },
		spec: { selector: { matchLabels: { app: "app1" } } },
	};
	const event = (kind: string, type: string) =>
		JSON.stringify({ [kind]: { metadata: { op: "create", urn, type, new: { custom: true, inputs, outputs: {} } } } });
	const limits = { interval: 20, reportAfter: 100, grace: 200, defaultTimeout: 60_000 };
	const access = { kubeconfig: "k" };
	const said = () => vi.mocked(console.error).mock.calls.flat().join("\n");

	/** Pulumi, whose Deployment gets ready after this time, in s. */
	const slowPulumi = (seconds: number, then = "exit 0", kind = type) =>
		program(
			"pulumi",
			'for log in "$@"; do :; done\n' +
				`echo '${event("resourcePreEvent", kind)}' >> "$log"\ntrap 'echo interrupted > signal; ${then}' INT\n` +
				`i=0; while [ $i -lt ${seconds * 10} ]; do sleep 0.1; i=$((i+1)); done\n` +
				`echo '${event("resOutputsEvent", kind)}' >> "$log"`,
		);

	beforeEach(async () => {
		vi.stubEnv("PULUMI_BACKEND_URL", "");
		vi.spyOn(console, "error")
			.mockClear()
			.mockImplementation(() => {});
		api.server.objects.set("/api/v1/namespaces/shop/pods", {
			items: [
				{
					metadata: { name: "app1-x", namespace: "shop" },
					status: {
						conditions: [{ type: "Ready", status: "False" }],
						containerStatuses: [{ state: { waiting: { reason: "ImagePullBackOff", message: "no such image" } } }],
					},
				},
			],
		});
	});

	const allow = (create: number) => {
		const note = pending("creating", type, inputs.metadata);
		return writeState([], [{ ...note, resource: { ...note.resource, urn, customTimeouts: { create } } }]);
	};

	it("is reported by its name, with what blocks it and the command that shows more", async () => {
		await slowPulumi(1);
		await allow(60);
		expect(await pulumi(["up"], { access, limits })).toBe(0);
		expect(said()).toMatch(/^still waiting for the creation of Deployment app1 after \d+ s$/m);
		expect(said()).toContain(
			"pod app1-x isn't ready: ImagePullBackOff (no such image); see: kubectl --kubeconfig k -n shop describe pod app1-x",
		);
		expect(api.server.asked.find(({ path }) => path.endsWith("/pods"))?.query).toMatchObject({
			labelSelector: "app=app1",
		});
	});

	it("isn't reported if it is a command, which prints its own progress", async () => {
		await slowPulumi(1, "exit 0", "command:local:Command");
		expect(await pulumi(["up"], { access, limits })).toBe(0);
		expect(console.error).not.toHaveBeenCalled();
	});

	it("isn't reported if it ends in time", async () => {
		await slowPulumi(0.2);
		expect(await pulumi(["up"], { access, limits: { ...limits, reportAfter: 5000 } })).toBe(0);
		expect(console.error).not.toHaveBeenCalled();
	});

	it("ends by SIGINT soon after its customTimeouts, as a failure that says what blocks it", async () => {
		await slowPulumi(30, "exit 255");
		await allow(0.3);
		expect(await pulumi(["up"], { access, limits })).toBe(255);
		expect(readFileSync("signal", "utf8")).toBe("interrupted\n");
		expect(said()).toMatch(/^error: the creation of Deployment app1 hasn't ended within \d+ s$/m);
		expect(said().split("error: ")[1]).toContain("describe pod app1-x");
	});

	it("is ended by SIGKILL, with all that Pulumi has started, if Pulumi ignores SIGINT", async () => {
		await slowPulumi(60, "sleep 60 & echo $! > child; wait $!; sleep 60");
		await allow(0.1);
		expect(await pulumi(["up"], { access, limits, timeToEnd: 1500 })).toBe(1);
		const child = Number(readFileSync("child", "utf8"));
		await vi.waitUntil(() => !isRunning(child), { timeout: 5000 });
	});

	it("is also reported and ended if Pulumi has begun no step, as when a plugin hangs in a check", async () => {
		await program("pulumi", "trap 'echo interrupted > signal; exit 255' INT; while :; do sleep 0.1; done");
		expect(await pulumi(["up"], { limits: { ...limits, defaultTimeout: 700 } })).toBe(255);
		expect(readFileSync("signal", "utf8")).toBe("interrupted\n");
		expect(said()).toMatch(/^Pulumi has reported no step for \d+ s: it waits for the program, or for a plugin/m);
		expect(said()).toMatch(/^error: Pulumi has reported no step for \d+ s\nfix: check that the cluster answers/m);
	});

	it("names the right that the provider may lack if the pods are ready", async () => {
		const ready = { metadata: { name: "app1-x" }, status: { conditions: [{ type: "Ready", status: "True" }] } };
		api.server.objects.set("/api/v1/namespaces/shop/pods", { items: [ready] });
		await slowPulumi(1);
		await allow(60);
		await pulumi(["up"], { access, limits });
		expect(said()).toContain("kubectl --kubeconfig k -n shop auth can-i watch persistentvolumeclaims");
	});
});

import { existsSync } from "node:fs";
import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { beforeEach, expect, it, vi } from "vitest";
import { stack } from "../../../../cli/stack/stack.ts";
import { refuseSwitch } from "../../../../cli/stack/stackCluster.ts";
import { clusterKind, readState } from "../../../../cli/stack/stackState.ts";
import { program, scratchFolder } from "../../fakePrograms.ts";
import { component, writeState } from "../sampleState.ts";

const project = process.cwd();
scratchFolder();
beforeEach(() => vi.stubEnv("PULUMI_BACKEND_URL", ""));

it.each([
	["kind", ["KindCluster::cluster", "KindCluster$command:local:Command::cluster-access"]],
	["existing", ["EchoDeployment::app1", "ExistingCluster::cluster"]],
	[undefined, ["EchoDeployment::app1"]],
	[undefined, []],
])("is %s in a state that holds %j", async (kind, components) => {
	await writeState(components.map(component));
	expect(clusterKind(await readState())).toBe(kind);
});

it("is none if there is no state yet, and comes from Pulumi if the state is elsewhere", async () => {
	expect(clusterKind(await readState())).toBeUndefined();
	vi.stubEnv("PULUMI_BACKEND_URL", "s3://bucket");
	const deployment = { resources: [component("ExistingCluster::cluster")] };
	await program("pulumi", `[ "$*" = "stack export --stack ${stack}" ] && echo '${JSON.stringify({ deployment })}'`);
	expect(clusterKind(await readState())).toBe("existing");
});

it("can change only after the lab is destroyed", () => {
	expect(() => refuseSwitch("existing", "kind")).toThrow(
		`cluster: got "existing", allowed: "kind": the stack "${stack}" still has a kind cluster; fix: ` +
			"pulumi config set cluster kind && npm run destroy && pulumi config set cluster existing",
	);
	expect(() => refuseSwitch("kind", "existing")).toThrow(/allowed: "existing".*npm run destroy/);
	for (const is of ["kind", undefined] as const) expect(() => refuseSwitch("kind", is)).not.toThrow();
});

it.each(["cli/start.ts", "cli/destroy.ts"])("isn't changed by %s", async (script) => {
	await cp(join(project, "Pulumi.yaml"), "Pulumi.yaml");
	await writeFile("Pulumi.dev.yaml", "config:\n  nodeport-lab:cluster: existing\n");
	await program("pulumi", '[ "$2" = select ] || touch changed');
	await writeState([component("KindCluster::cluster")]);
	const tsx = join(project, "node_modules/tsx/dist/loader.mjs");
	const { exitCode, stderr } = await execa("node", ["--import", tsx, join(project, script)], { reject: false });
	expect({ exitCode, changed: existsSync("changed") }).toEqual({ exitCode: 1, changed: false });
	expect(stderr).toMatch(/^error: cluster: got "existing", allowed: "kind": the stack "dev" still has a kind cluster/m);
});

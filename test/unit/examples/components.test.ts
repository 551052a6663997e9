import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it, vi } from "vitest";
import * as exported from "../../../components/index.ts";
import { secret } from "../../../toolchain/substitutes/protocol/properties.ts";
import { only, settled } from "../components/recorder.ts";
import { runComponents } from "./programs.ts";

const folder = mkdtempSync(join(tmpdir(), "nodeport-lab-test-"));
const kubeconfig = join(folder, "kubeconfig.yaml");
writeFileSync(kubeconfig, "kind: Config\n");
afterAll(() => rmSync(folder, { recursive: true }));

it("deploys the lab's components into its own namespace on any cluster", async () => {
	const { recorded, outputs } = await runComponents(kubeconfig);
	expect(only(recorded, "kubernetes:core/v1:Namespace").inputs.metadata.name).toBe("shop");
	const { metadata, spec } = only(recorded, "kubernetes:core/v1:Service").inputs;
	expect(metadata.namespace).toBe("shop");
	expect(spec).toMatchObject({ selector: { app: "greeter" }, ports: [{ port: 80, targetPort: 8080 }] });
	const { template } = only(recorded, "kubernetes:apps/v1:Deployment").inputs.spec;
	expect(template.spec.containers[0].image).toBe("echo:1");
	expect(only(recorded, "pulumi:providers:kubernetes").inputs.kubeconfig).toEqual(secret("kind: Config\n"));
	expect(only(recorded, "kubernetes:core/v1:Pod").inputs.spec.nodeSelector).toEqual({ "kubernetes.io/hostname": "a" });
	const request = JSON.parse(only(recorded, "command:local:Command").inputs.stdin);
	expect(request).toMatchObject({
		kubeconfig,
		service: { namespace: "shop", name: "front" },
		echo: { deployment: "greeter", replicas: 2, nodes: ["a"] },
		clients: [{ name: "client" }],
	});
	expect(await settled(outputs.service)).toMatchObject({ name: "front", namespace: "shop", port: 80 });
});

it("reports a kubeconfig that it can't read, with the fix", async () => {
	vi.resetModules();
	await expect(runComponents(join(folder, "none"))).rejects.toThrow(
		/kubeconfig: got ".*none" \(ENOENT.*\), allowed: the path of .*; fix: pulumi config set kubeconfig <path>/,
	);
});

it("the package exports the components, the contract and its reader", () => {
	const components = [
		"ClusterImage",
		"DnsUtils",
		"EchoDeployment",
		"ExistingCluster",
		"KindCluster",
		"NodePortCheck",
		"NodePortService",
		"NodeProbe",
	];
	const contract = ["UserError", "labReference", "requireLab", "schema"];
	expect(Object.keys(exported).sort()).toEqual([...components, "OutsideClient", "Verification", ...contract].sort());
});

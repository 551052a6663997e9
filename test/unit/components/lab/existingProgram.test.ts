/** The program on an existing cluster: it calls neither docker nor kind, and the kubeconfig's text stays in its file. */
import { mkdtempSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { beforeAll, expect, it, vi } from "vitest";
import { ApiServer } from "../../apiServer.ts";
import { defaults } from "../defaults.ts";
import { only, type Recorded, record, settled } from "../recorder.ts";

vi.mock("../../../../kind/docker.ts", () => {
	const never = () => {
		throw new Error("docker was called");
	};
	return { docker: never, findNodes: never, imageId: never, execIn: never, isFinished: never, markPrefix: "" };
});

const node = (name: string, plane = false) => ({
	metadata: {
		name,
		labels: { "kubernetes.io/hostname": name, ...(plane && { "node-role.kubernetes.io/control-plane": "" }) },
	},
	spec: plane ? { taints: [{ key: "k", effect: "NoSchedule" }] } : {},
	status: { conditions: [{ type: "Ready", status: "True" }] },
});

let recorded: Recorded[];
let outputs: typeof import("../../../../index.ts");
const kubeconfig = join(mkdtempSync(join(tmpdir(), "nodeport-lab-test-")), "config");

beforeAll(async () => {
	const server = new ApiServer();
	server.intercept = ({ path }) =>
		path.endsWith("reviews") ? { status: 201, body: { status: { allowed: true } } } : undefined;
	server.objects.set("/api/v1/namespaces/kube-system", { metadata: { uid: "uid-of-theirs" } });
	const workers = Array.from({ length: 60 }, (_, i) => node(`w${i + 1}`));
	server.objects.set("/api/v1/nodes", { items: [node("plane", true), ...workers] });
	server.objects.set("/api/v1/namespaces/kube-system/pods", { items: [] });
	await writeFile(kubeconfig, await server.start());
	recorded = await record();
	const settings = { ...defaults, cluster: "existing", kubeconfig, context: "test" };
	const config = Object.entries(settings).map(([key, value]) => [`nodeport-lab:${key}`, value]);
	pulumi.runtime.setAllConfig(Object.fromEntries(config));
	outputs = await import("../../../../index.ts");
	await settled(pulumi.output(outputs.verification));
	server.stop();
}, 60_000);

const verification = () => JSON.parse(only(recorded, "command:local:Command").inputs.stdin);

it("runs only the verification, and passes the kubeconfig's path to the provider", () => {
	expect(only(recorded, "command:local:Command").name).toBe("verification-run");
	expect(only(recorded, "pulumi:providers:kubernetes").inputs).toEqual({
		kubeconfig,
		context: "test",
		clusterIdentifier: "uid-of-theirs",
	});
	expect(verification()).toMatchObject({ kubeconfig, context: "test", nodeRunners: {} });
});

it("creates everything in its own namespace, with the configured images", () => {
	const { metadata } = only(recorded, "kubernetes:core/v1:Namespace").inputs;
	// No node runs a kube-proxy pod: NodeProbe reads the rules, and the namespace must allow its pods.
	expect(metadata).toMatchObject({
		name: "nodeport-lab",
		labels: { "pod-security.kubernetes.io/enforce": "privileged" },
	});
	const made = recorded.filter(
		({ type, inputs }) => /^kubernetes:.*(Pod|Service|Deployment|DaemonSet)$/.test(type) && inputs,
	);
	expect(made).toHaveLength(4);
	for (const { inputs } of made) expect(inputs.metadata.namespace).toBe("nodeport-lab");
	expect(only(recorded, "kubernetes:core/v1:Pod").inputs.spec.containers[0].image).toBe(defaults.dnsutilsImage);
});

it("checks 50 of 61 nodes, the same ones in all resources", () => {
	const { sample, readers } = verification().existing;
	expect(sample).toMatchObject({ of: 61, seed: 1 });
	expect(sample.nodes).toHaveLength(50);
	expect(recorded.filter(({ type }) => type === "kubernetes:core/v1:Node").map(({ name }) => name)).toEqual(
		sample.nodes.map((name: string) => `cluster-${name}`),
	);
	const { affinity } = only(recorded, "kubernetes:apps/v1:DaemonSet").inputs.spec.template.spec;
	const terms = affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms;
	expect(terms.map(({ matchFields }: { matchFields: { values: string[] }[] }) => matchFields[0]?.values[0])).toEqual(
		sample.nodes,
	);
	expect(readers).toEqual({ namespace: "nodeport-lab", labels: { app: "node-probe" }, container: "probe" });
});

it("exports no kubeconfig", async () => {
	expect(outputs.kubeconfig).toBeUndefined();
	expect(await settled(pulumi.output(outputs.clusterName))).toBe("test");
});

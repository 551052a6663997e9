import { beforeEach, describe, expect, it } from "vitest";
import { blockers } from "../../../../cli/update/blockers.ts";
import { scratchFolder } from "../../fakePrograms.ts";
import { apiServer } from "../fakeCluster.ts";

scratchFolder();
const api = apiServer();
const access = { kubeconfig: "k" };
const pod = (name: string, more: object = {}) => ({
	metadata: { name, namespace: "lab", ...more },
	spec: { nodeName: "n" },
});
const node = (status: string) => ({ metadata: {}, status: { conditions: [{ type: "Ready", status }] } });
const deletion = {
	op: "delete-replaced",
	type: "kubernetes:core/v1:Pod",
	inputs: { metadata: { name: "a", namespace: "lab" } },
};

describe("a pod that is being deleted", () => {
	beforeEach(() => {
		const deletionTimestamp = new Date().toISOString();
		api.server.objects.set("/api/v1/namespaces/lab/pods", { items: [pod("a", { deletionTimestamp }), pod("b")] });
	});

	it("can't end on a node that isn't Ready: the command that removes it is printed", async () => {
		api.server.objects.set("/api/v1/nodes/n", node("Unknown"));
		expect(await blockers(deletion, access)).toEqual([
			"  pod a can't terminate: n isn't Ready; fix: kubectl --kubeconfig k -n lab delete pod a --force --grace-period=0",
		]);
	});

	it("ends by itself on a node that is Ready", async () => {
		api.server.objects.set("/api/v1/nodes/n", node("True"));
		expect(await blockers(deletion, access)).toEqual(["  pod a is terminating"]);
	});

	it("blocks the deletion of its namespace", async () => {
		api.server.objects.set("/api/v1/nodes/n", node("Unknown"));
		const namespace = { op: "delete", type: "kubernetes:core/v1:Namespace", inputs: { metadata: { name: "lab" } } };
		expect(await blockers(namespace, access)).toEqual([
			expect.stringContaining("pod a can't terminate: n isn't Ready; fix: kubectl"),
			"  pod b is still there",
		]);
	});
});

it("prints where to look if an object has no pods", async () => {
	api.server.objects.set("/api/v1/namespaces/lab/pods", { items: [] });
	const service = {
		op: "create",
		type: "kubernetes:core/v1:Service",
		inputs: { ...deletion.inputs, spec: { selector: { app: "x" } } },
	};
	expect(await blockers(service, access)).toEqual([
		"  it has no pods yet; see: kubectl --kubeconfig k -n lab get events",
	]);
});

it("has nothing to say about what isn't in a cluster, and why a cluster says nothing", async () => {
	expect(await blockers({ op: "create", type: "command:local:Command", inputs: {} }, access)).toEqual([]);
	expect(await blockers(deletion, undefined)).toEqual([]);
	api.server.stop();
	expect(await blockers(deletion, access)).toEqual([expect.stringMatching(/^ {2}the cluster doesn't say why: /)]);
});

import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { clearNodes, nodePatch, setNodes } from "../../../../kind/inPlace/nodeSettings.ts";
import { calls, program, scratchFolder } from "../../fakePrograms.ts";

const taint = { key: "team", value: "a", effect: "NoSchedule" as const };
const ofKubeadm = { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" };
const ofController = { key: "node.kubernetes.io/unreachable", effect: "NoExecute", timeAdded: "2026-01-01T00:00:00Z" };
const node = (taints: object[] = [], managed?: object) => ({
	metadata: {
		resourceVersion: "7",
		annotations: managed ? { "nodeport-lab/managed": JSON.stringify(managed) } : ({} as Record<string, string>),
	},
	spec: { taints: taints as { key: string; effect: string }[] },
});

describe("the patch of a node", () => {
	it("adds labels and taints, records them, and keeps what others have set", () => {
		expect(nodePatch(node([ofKubeadm, ofController]), { labels: { tier: "db" }, taints: [taint] })).toEqual({
			metadata: {
				resourceVersion: "7",
				labels: { tier: "db" },
				annotations: { "nodeport-lab/managed": '{"labels":["tier"],"taints":["team:NoSchedule"]}' },
			},
			spec: { taints: [ofKubeadm, ofController, taint] },
		});
	});

	it("removes only what an earlier one has added", () => {
		const before = node([ofKubeadm, taint], { labels: ["tier", "zone"], taints: ["team:NoSchedule"] });
		expect(nodePatch(before, { labels: { zone: "b" }, taints: [] })).toEqual({
			metadata: {
				resourceVersion: "7",
				labels: { tier: null, zone: "b" },
				annotations: { "nodeport-lab/managed": '{"labels":["zone"],"taints":[]}' },
			},
			spec: { taints: [ofKubeadm] },
		});
		expect(nodePatch(before, { labels: {}, taints: [] })).toMatchObject({
			metadata: { labels: { tier: null, zone: null }, annotations: { "nodeport-lab/managed": null } },
		});
	});

	it("replaces a taint whose value changes, but not one with another effect", () => {
		const other = { ...taint, effect: "NoExecute" as const };
		const before = node([taint, other], { labels: [], taints: ["team:NoSchedule"] });
		expect(nodePatch(before, { labels: {}, taints: [{ ...taint, value: "b" }] })).toMatchObject({
			spec: { taints: [other, { ...taint, value: "b" }] },
		});
	});
});

describe("setting nodes", () => {
	/** The last patch of a node, as kubectl got it. */
	const patch = () => JSON.parse(readFileSync("patch", "utf8"));

	/** @param conflicts how often another client is faster */
	async function fakeKubectl(conflicts = 0, message = "Operation cannot be fulfilled: the object has been modified") {
		await writeFile("node.json", JSON.stringify(node([], { labels: ["old"], taints: [] })));
		await writeFile("conflicts", "");
		const fails = `echo >> conflicts; [ $(wc -l < conflicts) -gt ${conflicts} ] || { echo "${message}" >&2; exit 1; }`;
		await program(
			"kubectl",
			`cd '${process.cwd()}'\ncase "$3" in\nget) cat node.json ;;\npatch) for last; do :; done; ${fails}; echo "$last" > patch ;;\nesac`,
		);
	}

	scratchFolder();

	it("patches each named node of the cluster", async () => {
		await fakeKubectl();
		await setNodes("c", { "c-worker": { labels: { tier: "db" }, taints: [] } });
		expect(patch().metadata.labels).toEqual({ old: null, tier: "db" });
		expect(calls()[0]).toBe("kubectl --kubeconfig .kube/c.yaml get node c-worker --output=json");
		expect(calls()[1]).toMatch(/^kubectl --kubeconfig \.kube\/c\.yaml patch node c-worker --type=merge --patch /);
	});

	it("removes the settings again", async () => {
		await fakeKubectl();
		await clearNodes("c", ["c-worker"]);
		expect(patch().metadata.labels).toEqual({ old: null });
	});

	it("reads the node again if another client has changed it", async () => {
		await fakeKubectl(2);
		await setNodes("c", { "c-worker": { labels: {}, taints: [taint] } });
		expect(patch().spec.taints).toEqual([taint]);
		expect(calls()).toHaveLength(6);
	});

	it.each([
		["another client always does", 9, undefined, "has been modified", 10],
		["the API server refuses it", 9, "forbidden", "forbidden", 2],
	])("fails if %s", async (_, conflicts, message, expected, count) => {
		await fakeKubectl(conflicts, message);
		await expect(setNodes("c", { "c-worker": { labels: {}, taints: [] } })).rejects.toThrow(expected);
		expect(calls()).toHaveLength(count);
	});
});

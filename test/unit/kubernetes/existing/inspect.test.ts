import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { inspectCluster } from "../../../../kubernetes/existing/inspect.ts";
import type { Properties } from "../../../../toolchain/substitutes/protocol/properties.ts";
import { ApiServer, type Asked } from "../../apiServer.ts";
import { temporaryFolder } from "../../temporary.ts";

const folder = temporaryFolder();
let server: ApiServer;
let kubeconfig: string;

const node = (name: string, spec: Properties = {}, labels: Properties = {}) => ({
	metadata: { name, labels: { "kubernetes.io/hostname": name, ...labels } },
	spec,
	status: { conditions: [{ type: "Ready", status: "True" }] },
});
const plane = { "node-role.kubernetes.io/control-plane": "" };
const taint = (effect: string) => ({ taints: [{ key: "k", effect }] });
const proxy = (nodeName: string) => ({ metadata: {}, spec: { nodeName } });

/** May do all but what is called so: "create pods/exec in kube-system". */
let forbidden: string[];

function answer({ method, path, body }: Asked) {
	if (method !== "POST" || !path.endsWith("/selfsubjectaccessreviews")) return undefined;
	const { spec } = body as unknown as { spec: { resourceAttributes: Record<string, string> } };
	const asked = spec.resourceAttributes;
	const resource = [asked.resource, asked.subresource].filter(Boolean).join("/");
	const what = [asked.verb, resource, ...(asked.namespace ? ["in", asked.namespace] : [])].join(" ");
	return { status: 201, body: { status: { allowed: !forbidden.includes(what) } } };
}

beforeEach(async () => {
	forbidden = [];
	server = new ApiServer();
	server.intercept = answer;
	kubeconfig = join(folder.path, "config");
	await writeFile(kubeconfig, await server.start());
	server.objects.set("/api/v1/namespaces/kube-system", { metadata: { uid: "uid-of-theirs" } });
	server.objects.set("/api/v1/namespaces/kube-system/pods", { items: [proxy("w1")] });
	server.objects.set("/api/v1/nodes", { items: [node("w1"), node("c1", taint("NoSchedule"), plane)] });
});
afterEach(() => server.stop());

const look = (context?: string) => inspectCluster({ kubeconfig, context }, "nodeport-lab");

describe("the look at an existing cluster", () => {
	it("tells its name, what identifies it, its nodes and who runs a kube-proxy", async () => {
		const { name, id, nodes, proxied } = await look();
		expect({ name, id, proxied }).toEqual({ name: "test", id: "uid-of-theirs", proxied: ["w1"] });
		expect(nodes.map(({ name, ordinary }) => [name, ordinary])).toEqual([
			["c1", false],
			["w1", true],
		]);
	});

	it("asks only to read, or what may be done", async () => {
		await look();
		const others = server.asked.filter(({ method, path }) => method !== "GET" && !path.endsWith("accessreviews"));
		expect(others).toEqual([]);
	});

	it.each([
		["repels pods by NoSchedule", node("w", taint("NoSchedule")), false],
		["repels pods by NoExecute", node("w", taint("NoExecute")), false],
		["would rather not", node("w", taint("PreferNoSchedule")), true],
		["is cordoned", node("w", { unschedulable: true }), false],
		["is called otherwise by its label", node("w", {}, { "kubernetes.io/hostname": "ip-10-0-0-1" }), false],
		["is not Ready", { ...node("w"), status: { conditions: [{ type: "Ready", status: "Unknown" }] } }, false],
	])("of a node that %s says whether it takes ordinary pods", async (_, item, ordinary) => {
		server.objects.set("/api/v1/nodes", { items: [item] });
		expect((await look()).nodes[0]?.ordinary).toBe(ordinary);
	});

	it.each([
		["is not Ready", { ...node("w"), status: { conditions: [{ type: "Ready", status: "False" }] } }],
		["runs windows", node("w", {}, { "kubernetes.io/os": "windows" })],
	])("of a node that %s says that it cannot be looked at", async (hindrance, item) => {
		server.objects.set("/api/v1/nodes", { items: [item, node("w2", taint("NoSchedule"))] });
		expect((await look()).nodes).toMatchObject([{ hindrance, ordinary: false }, { name: "w2" }]);
		expect((await look()).nodes[1]).not.toHaveProperty("hindrance");
	});

	it("reads long lists page by page", async () => {
		const pages = [
			{ items: [node("w1")], metadata: { continue: "more" } },
			{ items: [node("w2")], metadata: { continue: "" } },
		];
		server.intercept = (asked) => {
			if (asked.path !== "/api/v1/nodes") return answer(asked);
			expect(asked.query.limit).toBe("500");
			return { status: 200, body: pages[asked.query.continue === "more" ? 1 : 0] ?? {} };
		};
		expect((await look()).nodes.map(({ name }) => name)).toEqual(["w1", "w2"]);
	});

	it("tells of all missing rights at once, and how they are granted", async () => {
		forbidden = [
			"create pods/exec in kube-system",
			"get pods/exec in kube-system",
			"list services",
			"create namespaces",
		];
		await expect(look()).rejects.toThrow(/lacks 3 rights that the lab needs; nothing was changed:$/m);
		await expect(look()).rejects.toThrow(/^ {2}create namespaces$/m);
		await expect(look()).rejects.toThrow(/^ {2}list services in all namespaces$/m);
		await expect(look()).rejects.toThrow(/^ {2}create, get pods\/exec in kube-system$/m);
		await expect(look()).rejects.toThrow(/kubectl apply -f docs\/rbac\.yaml/);
	});

	it.each([
		[
			"nobody answers",
			0,
			/does not answer \(.*\); nothing was changed; look: kubectl --kubeconfig \S+ get namespaces$/,
		],
		["the user is unknown", 401, /does not know the user of the kubeconfig \(401\); nothing was changed/],
	])("says so where %s", async (_, status, message) => {
		if (status === 0) server.stop();
		else server.intercept = () => ({ status, body: { kind: "Status", message: "no" } });
		await expect(look()).rejects.toThrow(message);
	});

	it("says so where the kubeconfig has no such context, is none, or is not there", async () => {
		await expect(look("lost")).rejects.toThrow(
			/has no context "lost"; it has test; nothing was changed; fix: pulumi config set context/,
		);
		await writeFile(kubeconfig, "secret: [");
		await expect(look()).rejects.toThrow(
			/is no kubeconfig that can be read .*fix: pulumi config set kubeconfig <path>$/,
		);
		kubeconfig = join(folder.path, "none");
		await expect(look()).rejects.toThrow(/there is no \S+none; nothing was changed; fix: pulumi config set kubeconfig/);
	});
});

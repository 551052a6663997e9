import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { inspectCluster } from "../../../../kubernetes/existing/inspect.ts";
import { questionsOf } from "../../../../kubernetes/existing/rights.ts";
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

/** Denied rights, such as "create pods/exec in kube-system". */
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

const inspect = (context?: string) => inspectCluster({ kubeconfig, context }, "nodeport-lab");

describe("reading an existing cluster", () => {
	it("returns its name, its id, its nodes, and those with a kube-proxy pod", async () => {
		const { name, id, nodes, proxied } = await inspect();
		expect({ name, id, proxied }).toEqual({ name: "test", id: "uid-of-theirs", proxied: ["w1"] });
		expect(nodes.map(({ name, ordinary }) => [name, ordinary])).toEqual([
			["c1", false],
			["w1", true],
		]);
	});

	it("only reads, and checks rights", async () => {
		await inspect();
		const others = server.asked.filter(({ method, path }) => method !== "GET" && !path.endsWith("accessreviews"));
		expect(others).toEqual([]);
	});

	it.each([
		["has a NoSchedule taint", node("w", taint("NoSchedule")), false],
		["has a NoExecute taint", node("w", taint("NoExecute")), false],
		["has a PreferNoSchedule taint", node("w", taint("PreferNoSchedule")), true],
		["is cordoned", node("w", { unschedulable: true }), false],
		["has another name in its label", node("w", {}, { "kubernetes.io/hostname": "ip-10-0-0-1" }), false],
		["is not Ready", { ...node("w"), status: { conditions: [{ type: "Ready", status: "Unknown" }] } }, false],
	])("decides whether ordinary pods can run on a node that %s", async (_, item, ordinary) => {
		server.objects.set("/api/v1/nodes", { items: [item] });
		expect((await inspect()).nodes[0]?.ordinary).toBe(ordinary);
	});

	it.each([
		["is not Ready", { ...node("w"), status: { conditions: [{ type: "Ready", status: "False" }] } }],
		["runs windows", node("w", {}, { "kubernetes.io/os": "windows" })],
	])("reports that a node can't be checked because it %s", async (hindrance, item) => {
		server.objects.set("/api/v1/nodes", { items: [item, node("w2", taint("NoSchedule"))] });
		expect((await inspect()).nodes).toMatchObject([{ hindrance, ordinary: false }, { name: "w2" }]);
		expect((await inspect()).nodes[1]).not.toHaveProperty("hindrance");
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
		expect((await inspect()).nodes.map(({ name }) => name)).toEqual(["w1", "w2"]);
	});

	it("reports all missing rights together, and how to grant them", async () => {
		forbidden = [
			"create pods/exec in kube-system",
			"get pods/exec in kube-system",
			"list services",
			"create namespaces",
		];
		await expect(inspect()).rejects.toThrow(/lacks 3 rights that the lab needs; nothing was changed:$/m);
		await expect(inspect()).rejects.toThrow(/^ {2}create namespaces$/m);
		await expect(inspect()).rejects.toThrow(/^ {2}list services in all namespaces$/m);
		await expect(inspect()).rejects.toThrow(/^ {2}create, get pods\/exec in kube-system$/m);
		await expect(inspect()).rejects.toThrow(/kubectl apply -f docs\/rbac\.yaml/);
	});

	it.each(["get", "list", "watch", "create", "patch", "delete"])("reports each missing right to %s", async (verb) => {
		const questions = questionsOf("nodeport-lab").filter((question) => question.verb === verb);
		const inNamespace = (namespace = "") => (namespace === "" ? "" : ` in ${namespace}`);
		forbidden = questions.map(({ resource, namespace }) => `${verb} ${resource}${inNamespace(namespace)}`);
		const lines = questions.map(({ resource, group, namespace }) => {
			const where = namespace === "" ? " in all namespaces" : inNamespace(namespace);
			return `  ${verb} ${resource}${group && `.${group}`}${where}`;
		});
		const { message } = await inspect().then(
			() => expect.unreachable("all rights are granted"),
			(error: Error) => error,
		);
		expect(message.split("\n").slice(1, -1)).toEqual(lines);
	});

	it.each([
		[
			"doesn't answer",
			0,
			/doesn't answer \(.*\); nothing was changed; check: kubectl --kubeconfig \S+ get namespaces$/,
		],
		["doesn't know the user", 401, /doesn't accept the user of the kubeconfig \(401\); nothing was changed/],
	])("reports an API server that %s", async (_, status, message) => {
		if (status === 0) server.stop();
		else server.intercept = () => ({ status, body: { kind: "Status", message: "no" } });
		await expect(inspect()).rejects.toThrow(message);
	});

	it("reports a kubeconfig that lacks the context, is invalid, or doesn't exist", async () => {
		await expect(inspect("lost")).rejects.toThrow(
			/has no context "lost"; it has test; nothing was changed; fix: pulumi config set context/,
		);
		await writeFile(kubeconfig, "secret: [");
		await expect(inspect()).rejects.toThrow(/isn't a readable kubeconfig .*fix: pulumi config set kubeconfig <path>$/);
		kubeconfig = join(folder.path, "none");
		await expect(inspect()).rejects.toThrow(
			/\S+none doesn't exist; nothing was changed; fix: pulumi config set kubeconfig/,
		);
	});
});

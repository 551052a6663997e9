import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Cluster } from "../../../kubernetes/liveCluster.ts";
import type { Request } from "../../../verification/request.ts";
import { ApiServer } from "../apiServer.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();
let server: ApiServer;
let kubeconfig: string;

const conditions = (ready: boolean) => [{ type: "Ready", status: ready ? "True" : "False" }];
const node = (name: string, ready: boolean) => ({
	metadata: { name, labels: {} },
	spec: { podCIDR: "10.244.1.0/24" },
	status: { conditions: conditions(ready), addresses: [{ type: "InternalIP", address: "172.18.0.3" }] },
});
const pod = (name: string, nodeName: string, ready: boolean) => ({
	metadata: { name, namespace: "default" },
	spec: { nodeName, containers: [{ name: "main" }] },
	status: { conditions: conditions(ready), podIP: "10.244.1.2" },
});

const core = "/api/v1";
const inDefault = `${core}/namespaces/default`;
const inSystem = `${core}/namespaces/kube-system`;
const slices = (namespace: string) => `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;

/** The lab's objects: its echo runs on nodeport-worker, its client on nodeport-worker2. */
function serve(workerReady: boolean): void {
	const echo = pod("app1-x", "nodeport-worker", workerReady);
	const endpoint = { addresses: ["10.244.1.2"], conditions: { ready: workerReady }, targetRef: { name: "app1-x" } };
	for (const [path, object] of Object.entries({
		[`${core}/nodes`]: { items: [node("nodeport-worker", workerReady), node("nodeport-worker2", true)] },
		[`${inDefault}/services/nodeport-service`]: {
			spec: { clusterIP: "10.96.0.10", ports: [{ port: 8080, nodePort: 30040 }] },
		},
		[slices("default")]: { items: [{ addressType: "IPv4", endpoints: [endpoint], ports: [{ port: 8080 }] }] },
		[slices("kube-system")]: { items: [] },
		[`${inSystem}/services`]: { items: [] },
		"/apis/apps/v1/namespaces/default/deployments/app1": { spec: { replicas: 1 } },
		[`${inDefault}/pods`]: { items: [echo] },
		[`${inSystem}/pods`]: { items: [] },
		[`${inDefault}/pods/dnsutils`]: pod("dnsutils", "nodeport-worker2", true),
	}))
		server.objects.set(path, object);
}

const request = (): Request => ({
	kubeconfig,
	service: { namespace: "default", name: "nodeport-service" },
	echo: { deployment: "app1", replicas: 1, nodes: [] },
	clients: [
		{ name: "dnsutils", run: { exec: { namespace: "default", pod: "dnsutils", container: "main" } }, get: ["curl"] },
		{ each: { namespace: "default", labels: { app: "app1" }, container: "main" }, named: "pod", get: ["echo"] },
	],
	connectivity: "full",
	report: "out/verification.json",
	waitSeconds: 1,
	revisions: {},
});

const view = () => new Cluster({ kubeconfig }).snapshot(request());

beforeEach(async () => {
	server = new ApiServer();
	kubeconfig = join(folder.path, "kubeconfig");
	await writeFile(kubeconfig, await server.start());
});
afterEach(() => server.stop());

it("reads where clients and endpoints are, and waits for nothing if everything is ready", async () => {
	serve(true);
	const { clients, endpoints, unsettled } = await view();
	expect(clients.map(({ name, place }) => `${name} ${place.network} ${place.node}`)).toEqual([
		"dnsutils pod nodeport-worker2",
		"app1-x pod nodeport-worker",
	]);
	expect(endpoints).toMatchObject([{ ip: "10.244.1.2", port: 8080, pod: "app1-x" }]);
	expect(unsettled).toEqual([]);
});

it("doesn't wait for pods on a node that isn't Ready", async () => {
	serve(false);
	const { nodes, endpoints, unsettled } = await view();
	expect(nodes.map(({ name, ready }) => `${name} ${ready}`)).toEqual([
		"nodeport-worker false",
		"nodeport-worker2 true",
	]);
	expect(endpoints).toEqual([]);
	expect(unsettled).toEqual([]);
});

it("waits for a pod on a Ready node", async () => {
	serve(true);
	server.objects.set(`${inDefault}/pods/dnsutils`, pod("dnsutils", "nodeport-worker2", false));
	expect((await view()).unsettled).toEqual(["pod dnsutils is not ready"]);
});

it("reports a missing object in one line, with the fix", async () => {
	serve(true);
	server.objects.delete(`${inDefault}/pods/dnsutils`);
	await expect(view()).rejects.toThrow(/^Pod default\/dnsutils not found; fix: npm start$/);
});

it("reports a refusal in the API server's words", async () => {
	serve(true);
	server.intercept = ({ path }) =>
		path.endsWith("/nodes") ? { status: 403, body: { kind: "Status", message: "nodes is forbidden" } } : undefined;
	await expect(view()).rejects.toThrow(/^Nodes: the API server says 403, nodes is forbidden$/);
});

it("reports an API server that doesn't answer, with the fix", async () => {
	server.stop();
	await expect(view()).rejects.toThrow(/^the API server doesn't answer \(.*ECONNREFUSED.*\); fix: npm start$/);
});

it("reports that the lab isn't up if the kubeconfig doesn't exist", () => {
	expect(() => new Cluster({ kubeconfig: join(folder.path, "none") })).toThrow(/the lab isn't up; fix: npm start$/);
	const access = { kubeconfig: join(folder.path, "none"), context: "theirs" };
	expect(() => new Cluster(access)).toThrow(/none doesn't exist; fix: pulumi config set kubeconfig/);
});

it.each([
	["empty", "", "names no cluster, as after `kind delete cluster`"],
	["as kind leaves it", "apiVersion: v1\nkind: Config\npreferences: {}\n", "names no cluster, as after"],
	["without contexts", "apiVersion: v1\nkind: Config\nclusters: []\nusers: []\ncontexts: []\n", "names no cluster, as"],
	["cut", "apiVersion: v1\nkind: Config\nclusters:\n- cluster:\n    server: https", "isn't a readable kubeconfig ("],
	["invalid YAML", "users:\n- user: {client-key-data: c2VjcmV0, c2VjcmV0: [\n", "isn't a readable kubeconfig ("],
	["binary", "\0\x01\x02\uFFFD", "isn't a readable kubeconfig ("],
])("reports the path and the fix for a kubeconfig that is %s, and nothing of its text", async (_, text, what) => {
	await writeFile(kubeconfig, text);
	const open = () => new Cluster({ kubeconfig });
	expect(open).toThrow(`${kubeconfig} ${what}`);
	expect(open).toThrow(/^\S*kubeconfig [^\n]+; fix: npm start$/);
	expect(open).not.toThrow(/c2VjcmV0|undefined/);
});

it("reports a kubeconfig of another cluster, with the fix", async () => {
	serve(true);
	server.intercept = () => ({ status: 401, body: { kind: "Status", message: "Unauthorized" } });
	await expect(view()).rejects.toThrow(/: the API server says 401, Unauthorized; fix: npm start$/);
});

it("reads only the sample's nodes of a large cluster, one by one, and their kube-proxy pods", async () => {
	serve(true);
	server.objects.set(`${core}/nodes/nodeport-worker2`, node("nodeport-worker2", true));
	const spec = { clusterIP: "10.96.0.10", selector: { "k8s-app": "dns" } };
	server.objects.set(`${inSystem}/services`, { items: [{ spec }] });
	const readers = { namespace: "default", labels: { app: "node-probe" }, container: "probe" };
	const existing = { readers, sample: { nodes: ["nodeport-worker2"], of: 5000, seed: 1 } };
	const { nodes, kubeProxies, otherReaders, foreignNetwork, clients } = await new Cluster({ kubeconfig }).snapshot({
		...request(),
		existing,
	});
	expect(nodes.map(({ name }) => name)).toEqual(["nodeport-worker2"]);
	// The echo's pod, the other client, is on a node outside the sample.
	expect(clients.map(({ name }) => name)).toEqual(["dnsutils"]);
	expect(server.asked.map(({ path }) => path)).not.toContain(`${core}/nodes`);
	const ofSystem = server.asked.filter(({ path }) => path === `${inSystem}/pods`).map(({ query }) => query);
	expect(ofSystem).toEqual([
		{ labelSelector: "k8s-app=kube-proxy", fieldSelector: "spec.nodeName=nodeport-worker2" },
		{ labelSelector: "k8s-app=dns" },
	]);
	expect({ proxies: kubeProxies.size, readers: [...(otherReaders ?? [])].length, foreignNetwork }).toEqual({
		proxies: 0,
		readers: 1,
		foreignNetwork: true,
	});
});

it.each([
	["are not ready yet", [pod("coredns-x", "nodeport-worker2", false)], true],
	["are ready but not in a slice yet", [pod("coredns-x", "nodeport-worker2", true)], true],
	["are on a node that isn't Ready", [pod("coredns-x", "nodeport-worker", false)], false],
	[
		"are being deleted",
		[{ ...pod("coredns-x", "nodeport-worker2", false), metadata: { deletionTimestamp: "now" } }],
		false,
	],
	["don't exist", [], false],
])("knows whether to wait for DNS if its pods %s", async (_, items, waits) => {
	serve(false);
	const selector = { "k8s-app": "kube-dns" };
	server.objects.set(`${inSystem}/services`, { items: [{ spec: { clusterIP: "10.96.0.10", selector } }] });
	server.objects.set(`${inSystem}/pods`, { items });
	const { dns, unsettled } = await view();
	expect(dns).toEqual({ clusterIp: "10.96.0.10", endpoints: [] });
	expect(unsettled.includes("the DNS Service has no ready endpoint yet")).toBe(waits);
});

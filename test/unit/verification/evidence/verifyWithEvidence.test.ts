/** With a fake API server that runs no programs in pods; programs on nodes are shell scripts. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { findingText } from "../../../../report/findingText.ts";
import { progressText } from "../../../../report/progressText.ts";
import { evidenceTexts } from "../../../../report/terminal.ts";
import type { Properties } from "../../../../toolchain/substitutes/protocol/properties.ts";
import { verifyWithEvidence } from "../../../../verification/evidence/verifyWithEvidence.ts";
import type { Request } from "../../../../verification/request.ts";
import { readReport } from "../../../../verification/resultFile.ts";
import { ApiServer } from "../../apiServer.ts";
import { temporaryFolder } from "../../temporary.ts";

const folder = temporaryFolder();
const report = () => join(folder.path, "out/verification.json");
let server: ApiServer;
let kubeconfig: string;
let said: string[];

const ready = [{ type: "Ready", status: "True" }];
const node = (name: string, address: string) => ({
	metadata: { name, labels: {}, managedFields: [] },
	status: { conditions: ready, addresses: [{ type: "InternalIP", address }] },
});
const pod = (namespace: string, name: string, restartCount?: number, labels = {}) => ({
	metadata: { name, namespace, labels },
	spec: { nodeName: "worker", containers: [{ name: "main" }] },
	status: {
		conditions: ready,
		...(restartCount !== undefined && { containerStatuses: [{ name: "main", restartCount }] }),
	},
});
const event = (time: Record<string, string | null>, message: string) => ({
	metadata: {},
	involvedObject: { kind: "Pod", name: "app1-x" },
	type: "Warning",
	reason: "Failed",
	message,
	...time,
});

const system = "/api/v1/namespaces/kube-system";
const objects: Record<string, Properties> = {
	"/api/v1/nodes": { items: [node("worker", "172.18.0.3"), node("worker2", "172.18.0.4")] },
	"/api/v1/namespaces/default/services/web": {
		metadata: { name: "web", namespace: "default" },
		spec: { clusterIP: "10.96.0.10", ports: [{ port: 80, nodePort: 30040 }] },
	},
	"/api/v1/namespaces/default/services": { items: [{ metadata: { name: "web" } }] },
	"/api/v1/namespaces/default/pods": { items: [pod("default", "app1-x", 1), pod("default", "app1-pending")] },
	"/api/v1/namespaces/default/events": {
		items: [
			event({ lastTimestamp: "2026-01-01T00:00:02Z" }, "later"),
			// As the scheduler records them.
			event({ lastTimestamp: null, eventTime: "2026-01-01T00:00:01.000001Z" }, "earlier"),
		],
	},
	"/apis/discovery.k8s.io/v1/namespaces/default/endpointslices": { items: [] },
	"/apis/apps/v1/namespaces/default/deployments/web": { spec: { replicas: 1 } },
	[`${system}/services`]: { items: [] },
	[`${system}/pods`]: { items: [pod("kube-system", "kube-proxy-x", 0, { "k8s-app": "kube-proxy" })] },
	[`${system}/events`]: { items: [] },
	"/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices": { items: [] },
};

const request = (changes: Partial<Request> = {}): Request => ({
	kubeconfig,
	service: { namespace: "default", name: "web" },
	echo: { deployment: "web", replicas: 1, nodes: [] },
	clients: [{ name: "outside", run: { spawn: ["sh", "-c", "exit 28"] }, get: ["curl"] }],
	connectivity: "base",
	report: report(),
	nodeRunners: {
		worker: { spawn: ["sh", "-c", 'echo "the log by $*"', "sh"] },
		worker2: { spawn: ["sh", "-c", "echo worker2 is paused >&2; exit 1"] },
	},
	waitSeconds: 0,
	revisions: {},
	...changes,
});

const verified = (changes?: Partial<Request>) =>
	verifyWithEvidence(request(changes), (progress) => said.push(progressText(progress)), evidenceTexts);
const evidence = async () => (await readdir(join(folder.path, "out"))).filter((name) => name.startsWith("evidence-"));

/** The only evidence that there is: the text of each file by its path. */
async function kept(): Promise<Record<string, string>> {
	const [name = "", ...others] = await evidence();
	expect(others).toEqual([]);
	const root = join(folder.path, "out", name);
	const files = (await readdir(root, { withFileTypes: true, recursive: true })).filter((entry) => entry.isFile());
	const paths = files.map((file) => join(file.parentPath, file.name));
	return Object.fromEntries(
		await Promise.all(paths.map(async (path) => [path.slice(root.length + 1), await readFile(path, "utf8")])),
	);
}

beforeEach(async () => {
	said = [];
	server = new ApiServer();
	for (const [path, object] of Object.entries(objects)) server.objects.set(path, object);
	server.intercept = ({ path, query }) => {
		const [, name] = /\/pods\/([^/]+)\/log$/.exec(path) ?? [];
		if (name === undefined) return undefined;
		const body = `the log of ${name}, previous ${query.previous}, container ${query.container}\n`;
		return { status: 200, body: `${body}Authorization: Bearer 0123456789abcdef\n` };
	};
	kubeconfig = join(folder.path, "kubeconfig");
	await writeFile(kubeconfig, await server.start());
});
afterEach(() => server.stop());

it("collects evidence of a failed verification, and names it in the report", async () => {
	const { ok, evidence: path } = await verified();
	expect(ok).toBe(false);
	expect(await evidence()).toEqual([path?.slice(join(folder.path, "out/").length)]);
	expect((await readReport(report()))?.evidence).toBe(path);
	const files = await kept();
	expect(Object.keys(files).sort()).toEqual([
		"index.txt",
		"namespaces/default/app1-x/main.log",
		"namespaces/default/app1-x/main.previous.log",
		"namespaces/default/endpointslices.yaml",
		"namespaces/default/events.txt",
		"namespaces/default/pods.yaml",
		"namespaces/default/services.yaml",
		"namespaces/kube-system/endpointslices.yaml",
		"namespaces/kube-system/events.txt",
		"namespaces/kube-system/kube-proxy-x/main.log",
		"namespaces/kube-system/pods.yaml",
		"namespaces/kube-system/services.yaml",
		"nodes.yaml",
		"nodes/worker/journal.log",
		"report.json",
		"report.txt",
	]);
	expect(files["namespaces/default/app1-x/main.previous.log"]).toBe(
		"the log of app1-x, previous true, container main\nAuthorization: Bearer [removed]\n",
	);
	expect(files["namespaces/default/events.txt"]).toBe(
		"2026-01-01T00:00:01.000Z Warning Failed Pod app1-x: earlier\n" +
			"2026-01-01T00:00:02.000Z Warning Failed Pod app1-x: later\n",
	);
	expect(files["nodes/worker/journal.log"]).toMatch(/^the log by journalctl .*--unit=kubelet --unit=containerd$/m);
	expect(files["nodes.yaml"]).toContain("name: worker2");
	expect(files["nodes.yaml"]).not.toContain("managedFields");
});

it("lists findings, files, and what is missing and why in the index", async () => {
	const { findings } = await verified();
	const { "index.txt": index = "" } = await kept();
	expect(findings.length).toBeGreaterThan(0);
	for (const finding of findings) expect(index).toContain(findingText(finding));
	expect(index).toMatch(/^nodes\/worker\/journal.log +\d+ +the log of kubelet and containerd$/m);
	const [, missing = ""] = index.split("Missing:\n");
	expect(missing.trimEnd().split("\n")).toEqual([
		"namespaces/default/app1-pending/*.log: no container was created yet",
		...[
			["conntrack-ipv4.txt", "conntrack -L -f ipv4"],
			["conntrack-ipv6.txt", "conntrack -L -f ipv6"],
			["ip6tables-legacy.rules", "ip6tables-legacy-save -c"],
			["ip6tables.rules", "ip6tables-save -c"],
			["ipset.rules", "ipset save"],
			["iptables-legacy.rules", "iptables-legacy-save -c"],
			["iptables.rules", "iptables-save -c"],
			["nftables.rules", "nft list ruleset"],
		].map(([file, program]) => expect.stringMatching(new RegExp(`^nodes/worker/${file}: ${program} failed: `))),
		"nodes/worker2/*.rules: no kube-proxy pod runs on the node",
		expect.stringMatching(/^nodes\/worker2\/journal.log: journalctl .* failed: worker2 is paused$/),
		'traces.txt: traces need connectivity "full"',
	]);
	expect(said.at(-1)).toMatch(/^evidence: 15 files in [\d.]+ s, 12 missing$/);
});

it("contains the result of each node's trace", async () => {
	const { traces } = await verified({ connectivity: "full" });
	const { "traces.txt": text = "" } = await kept();
	expect(traces?.length).toBeGreaterThan(0);
	for (const { node } of traces ?? []) expect(text).toMatch(new RegExp(`^${node}: `, "m"));
});

it("marks a truncated log", async () => {
	const lines = (count: number) => Array.from({ length: count }, (_, i) => `line ${i}\n`).join("");
	const asked = server.intercept;
	server.intercept = (request) => {
		const answer = asked(request);
		return answer && { ...answer, body: lines(request.query.previous === "true" ? 4999 : 5000) };
	};
	await verified();
	const files = await kept();
	expect(files["namespaces/default/app1-x/main.log"]).toBe(`# truncated: the last 5000 lines\n${lines(5000)}`);
	expect(files["namespaces/default/app1-x/main.previous.log"]).toBe(lines(4999));
	const logs = server.asked.filter(({ path }) => path.endsWith("/log"));
	expect(new Set(logs.map(({ query }) => query.tailLines))).toEqual(new Set(["5000"]));
});

it("reads no Secret and no ConfigMap", async () => {
	await verified();
	const paths = server.asked.map(({ path }) => path);
	expect(paths).toContain("/api/v1/nodes");
	expect(paths.filter((path) => /secrets|configmaps/.test(path))).toEqual([]);
});

it("collects evidence if the verification itself fails, with the reason", async () => {
	server.objects.delete("/api/v1/namespaces/default/services/web");
	await expect(verified()).rejects.toThrow(
		/^Service default\/web not found; fix: npm start \(evidence: .*\/out\/evidence-[^/]+Z\)$/,
	);
	const { "index.txt": index, ...files } = await kept();
	expect(index).toContain("Findings:\nService default/web not found; fix: npm start\n");
	expect(index).toContain("\nreport.json: the verification failed before there was a report\n");
	expect(Object.keys(files)).toContain("namespaces/kube-system/kube-proxy-x/main.log");
});

it("collects the logs of the nodes if the API doesn't answer", async () => {
	server.stop();
	await expect(verified()).rejects.toThrow(/^the API server doesn't answer .*\(evidence: .*\)$/);
	const { "index.txt": index, ...files } = await kept();
	expect(Object.keys(files)).toEqual(["nodes/worker/journal.log"]);
	expect(index).toMatch(/^nodes\.yaml: the API server doesn't answer \(Nodes: .*ECONNREFUSED/m);
});

it("doesn't change the failure if nothing can be collected", async () => {
	server.stop();
	await expect(verified({ nodeRunners: {} })).rejects.toThrow(/^the API server doesn't answer .*; fix: npm start$/);
	expect(said.at(-1)).toMatch(/^no evidence was collected: nothing in the cluster can be read/);
	await expect(readdir(join(folder.path, "out"))).rejects.toThrow("ENOENT");
});

it("doesn't change the failure if nothing can be written", async () => {
	server.objects.delete("/api/v1/namespaces/default/services/web");
	await writeFile(join(folder.path, "out"), "a file where the folder would be");
	await expect(verified()).rejects.toThrow(/^Service default\/web not found; fix: npm start$/);
	expect(said.at(-1)).toMatch(/^no evidence was collected: .*(ENOTDIR|EEXIST)/);
});

it("reports missing node logs if the request has no nodeRunners", async () => {
	const { nodeRunners: _, ...without } = request();
	await verifyWithEvidence(without, () => {}, evidenceTexts);
	expect((await kept())["index.txt"]).toContain("nodes/*/journal.log: the request has no nodeRunners");
});

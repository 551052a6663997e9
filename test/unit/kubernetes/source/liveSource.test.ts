import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openAsKubectl } from "../../../../kubernetes/source/kubectlAccess.ts";
import { LiveSource } from "../../../../kubernetes/source/liveSource.ts";
import { reduced } from "../../../../kubernetes/source/usedFields.ts";
import { ApiServer } from "../../apiServer.ts";
import { temporaryFolder } from "../../temporary.ts";

const folder = temporaryFolder();
let server: ApiServer;
let kubeconfig: string;

beforeEach(async () => {
	server = new ApiServer();
	kubeconfig = join(folder.path, "kubeconfig");
	await writeFile(kubeconfig, await server.start());
});
afterEach(() => server.stop());

const source = () => new LiveSource(openAsKubectl({ kubeconfig }));
const pods = "/api/v1/namespaces/shop/pods";

const pod = {
	metadata: { name: "web-1", namespace: "shop", labels: { app: "web" }, annotations: { token: "c2VjcmV0" } },
	spec: {
		nodeName: "worker-1",
		containers: [
			{
				name: "web",
				env: [{ name: "PASSWORD", value: "c2VjcmV0" }],
				args: ["--password=c2VjcmV0"],
				ports: [{ containerPort: 80 }],
				readinessProbe: { exec: { command: ["check", "c2VjcmV0"] } },
			},
		],
		volumes: [{ name: "v", secret: { secretName: "c2VjcmV0" } }],
	},
	status: { phase: "Running", podIP: "10.244.1.2" },
};

it("keeps only the used fields of an object: no environment, arguments, commands, annotations or volumes", async () => {
	server.objects.set(pods, { items: [pod] });
	const answer = await source().list({ kind: "pods", namespace: "shop" });
	expect(answer).toEqual({
		value: [
			{
				metadata: { name: "web-1", namespace: "shop", labels: { app: "web" } },
				spec: {
					nodeName: "worker-1",
					containers: [{ name: "web", ports: [{ containerPort: 80 }], readinessProbe: { exec: {} } }],
				},
				status: { phase: "Running", podIP: "10.244.1.2" },
			},
		],
	});
	expect(JSON.stringify(answer)).not.toContain("c2VjcmV0");
});

it("reads long lists page by page, and only reads", async () => {
	server.intercept = ({ path, query }) =>
		path === "/api/v1/nodes"
			? {
					status: 200,
					body: query.continue
						? { items: [{ metadata: { name: "b" } }] }
						: { items: [{ metadata: { name: "a" } }], metadata: { continue: "next" } },
				}
			: undefined;
	const answer = await source().list({ kind: "nodes" });
	expect("value" in answer && answer.value.map(({ metadata }) => metadata.name)).toEqual(["a", "b"]);
	expect(new Set(server.methods())).toEqual(new Set(["GET"]));
});

it("keeps only pods with a hostPort if the question is about those", async () => {
	const web = { ...pod, spec: { containers: [{ name: "web", ports: [{ containerPort: 80, hostPort: 8080 }] }] } };
	server.objects.set("/api/v1/pods", { items: [pod, { ...web, metadata: { name: "edge" } }] });
	const answer = await source().list({ kind: "pods", withHostPort: true });
	expect("value" in answer && answer.value.map(({ metadata }) => metadata.name)).toEqual(["edge"]);
});

it.each([
	[403, "forbidden", "pods is forbidden"],
	[500, "failed", "etcd is gone"],
])("says why it can't read, by the API server's answer %i", async (status, kind, message) => {
	server.intercept = ({ path }) => (path === pods ? { status, body: { kind: "Status", message } } : undefined);
	expect(await source().list({ kind: "pods", namespace: "shop" })).toEqual({ refused: { kind, message } });
});

it("finds no object of a name that doesn't exist", async () => {
	server.objects.set("/api/v1/namespaces/shop/services", { items: [] });
	expect(await source().list({ kind: "services", namespace: "shop", name: "web" })).toEqual({ value: [] });
	expect(server.asked[0]?.query).toMatchObject({ fieldSelector: "metadata.name=web" });
});

it("names the cluster, its URL and its version", async () => {
	server.intercept = ({ path }) => (path === "/version" ? { status: 200, body: { gitVersion: "v1.36.3" } } : undefined);
	expect(await source().about()).toEqual({
		cluster: "test",
		server: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
		version: "v1.36.3",
	});
});

it("says in one line that the API server doesn't answer", async () => {
	server.stop();
	await expect(source().about()).rejects.toThrow(
		/^the API server of test \(http:\S+\) doesn't answer \(.*ECONNREFUSED.*\); check: kubectl version$/,
	);
});

describe("no secret is read", () => {
	const withUser = async () => {
		const text = (await readFile(kubeconfig, "utf8")).replace("http://", "http://admin:c2VjcmV0@");
		await writeFile(kubeconfig, text);
	};

	it("from the URL of the API server", async () => {
		server.intercept = ({ path }) =>
			path === "/version" ? { status: 200, body: { gitVersion: "v1.36.3" } } : undefined;
		await withUser();
		expect((await source().about()).server).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
	});

	it("from the error of an API server that doesn't answer", async () => {
		await withUser();
		server.stop();
		const asked = [source().about(), source().list({ kind: "nodes" })];
		const errors = JSON.stringify(
			(await Promise.allSettled(asked)).map((one) => (one.status === "rejected" ? String(one.reason) : one.value)),
		);
		expect(errors).toContain("ECONNREFUSED");
		expect(errors).not.toMatch(/admin|c2VjcmV0/);
	});

	const token = `Bearer ${"c2VjcmV0".repeat(3)}`;

	it("from a log and a refusal", async () => {
		const log = "/api/v1/namespaces/kube-system/pods/kube-proxy-a/log";
		server.intercept = ({ path }) =>
			path === log
				? { status: 200, body: `E1129 request with ${token}\n` }
				: { status: 500, body: { kind: "Status", message: `upstream refused ${token}` } };
		const container = { namespace: "kube-system", pod: "kube-proxy-a", container: "kube-proxy" };
		expect(await source().log(container, 40)).toEqual({ value: "E1129 request with Bearer [removed]\n" });
		expect(await source().list({ kind: "nodes" })).toEqual({
			refused: { kind: "failed", message: "upstream refused Bearer [removed]" },
		});
	});

	it("from a container's message, the query of a readiness probe, or other settings of kube-proxy", () => {
		const waiting = { reason: "ErrImagePull", message: `pull with ${token}` };
		const httpGet = { path: "/healthz?token=c2VjcmV0", port: 80 };
		const { spec, status } = reduced("pods", {
			metadata: { name: "web-1" },
			spec: { containers: [{ name: "web", image: "registry/c2VjcmV0", readinessProbe: { httpGet } }] },
			status: { containerStatuses: [{ name: "web", state: { waiting } }] },
		});
		expect(spec.containers).toEqual([{ name: "web", readinessProbe: { httpGet: { path: "/healthz", port: 80 } } }]);
		expect(status?.containerStatuses?.[0]?.state?.waiting?.message).toBe("pull with Bearer [removed]");
		const config = 'mode: nftables\nclientConnection: {kubeconfig: c2VjcmV0}\nnodePortAddresses: ["10.0.0.0/8"]\n';
		const once = reduced("configMaps", { metadata: { name: "kube-proxy" }, data: { "config.conf": config } });
		expect(once.data?.["config.conf"]).toBe("mode: nftables\nnodePortAddresses:\n  - 10.0.0.0/8\n");
		expect(reduced("configMaps", once)).toEqual(once);
	});
});

describe("the kubeconfig is found as kubectl finds it", () => {
	it("in the merged files of KUBECONFIG", async () => {
		const [one, two] = [join(folder.path, "one"), join(folder.path, "two")];
		const config = (name: string, current?: string) =>
			JSON.stringify({
				...(current && { "current-context": current }),
				contexts: [{ name, context: { cluster: name, user: name } }],
				clusters: [{ name, cluster: { server: `https://${name}.example` } }],
				users: [{ name, user: {} }],
			});
		await writeFile(one, config("first"));
		await writeFile(two, config("second", "second"));
		const env = { KUBECONFIG: `${one}:${join(folder.path, "missing")}:${two}` };
		expect(openAsKubectl({}, env).getCurrentCluster()?.server).toBe("https://second.example");
		expect(openAsKubectl({ context: "first" }, env).getCurrentCluster()?.server).toBe("https://first.example");
		expect(() => openAsKubectl({ context: "third" }, env)).toThrow('has no context "third"; it has first, second');
	});

	it.each([[["one"]], [["one", "two"]]])("and a user that is in none of the files %j is named", async (names) => {
		const paths = names.map((name) => join(folder.path, name));
		const config = {
			"current-context": "a",
			contexts: [{ name: "a", context: { cluster: "a", user: "gone" } }],
			clusters: [{ name: "a", cluster: { server: "https://a.example" } }],
			users: [{ name: "b", user: {} }],
		};
		for (const path of paths) await writeFile(path, JSON.stringify(config));
		expect(() => openAsKubectl({}, { KUBECONFIG: paths.join(":") })).toThrow(
			'context "a" refers to user "gone", which isn\'t in it',
		);
	});

	it("but not in a pod, which has no kubeconfig", () => {
		const missing = join(folder.path, "missing");
		// Any existing file: its content isn't read.
		expect(() => openAsKubectl({ context: "other" }, { KUBECONFIG: missing }, kubeconfig)).toThrow(
			"--context other: the account of this pod has no contexts",
		);
	});

	it("and the path that doesn't exist is named", () => {
		const missing = join(folder.path, "missing");
		expect(() => openAsKubectl({}, { KUBECONFIG: missing })).toThrow(
			`${missing} (KUBECONFIG) doesn't exist; fix: --kubeconfig <path>`,
		);
		expect(() => openAsKubectl({ kubeconfig: missing })).toThrow(`${missing} doesn't exist`);
	});
});

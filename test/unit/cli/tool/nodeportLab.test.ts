import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import type { Kind } from "../../../../kubernetes/source/usedFields.ts";
import type { Properties } from "../../../../toolchain/substitutes/protocol/properties.ts";
import { ApiServer } from "../../apiServer.ts";
import { temporaryFolder } from "../../temporary.ts";
import { labObjects } from "../../verification/diagnosis/labObjects.ts";

const folder = temporaryFolder();
const project = process.cwd();
let server: ApiServer;
let kubeconfig: string;

/** Runs the command from another folder, as a user does, with no kubeconfig but the given one. */
const run = (...args: string[]) =>
	execa("node", [join(project, "cli/tool/nodeport-lab.mjs"), ...args], {
		cwd: folder.path,
		env: { HOME: folder.path, KUBECONFIG: "" },
		reject: false,
	});

/** Serves the objects of the sample cluster; programs in pods can't run there. */
function serve(): void {
	const objects = labObjects();
	const inNamespace = (kind: Kind, namespace: string) =>
		objects[kind].filter((object) => (object as { metadata: { namespace?: string } }).metadata.namespace === namespace);
	for (const namespace of ["default", "kube-system"]) {
		const core = `/api/v1/namespaces/${namespace}`;
		for (const [path, kind] of [
			[`${core}/services`, "services"],
			[`${core}/pods`, "pods"],
			[`${core}/configmaps`, "configMaps"],
			[`/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`, "endpointSlices"],
			[`/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`, "networkPolicies"],
		] as const)
			server.objects.set(path, { items: inNamespace(kind, namespace) as Properties[] });
	}
	server.objects.set("/api/v1/nodes", { items: objects.nodes as Properties[] });
	server.objects.set("/api/v1/pods", { items: objects.pods as Properties[] });
	server.intercept = ({ path, query }) => {
		if (path === "/version") return { status: 200, body: { gitVersion: "v1.36.3" } };
		const list = server.objects.get(path) as Items | undefined;
		const [, name] = query.fieldSelector?.split("=") ?? [];
		const label = query.labelSelector?.split("=")[1];
		const items = (list?.items ?? []).filter(
			({ metadata }) =>
				(name === undefined || metadata.name === name) &&
				(label === undefined || Object.values(metadata.labels ?? {}).includes(label)),
		);
		return list && { status: 200, body: { items: items as unknown as Properties[] } };
	};
}

interface Items {
	items?: { metadata: { name: string; labels?: object } }[];
}

beforeEach(async () => {
	server = new ApiServer();
	kubeconfig = join(folder.path, "kubeconfig");
	await writeFile(kubeconfig, await server.start());
	serve();
});
afterEach(() => server.stop());

it.each([["--help"], ["diagnose", "--help"], ["help", "diagnose"]])(
	"%s %s prints the usage and ends with 0",
	async (...args) => {
		const { exitCode, stdout, stderr } = await run(...args);
		expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
		expect(stdout).toMatch(/^Usage: nodeport-lab /);
	},
);

it.each([
	[["diagnos"], "error: unknown command 'diagnos'"],
	[["diagnose"], "error: missing required argument 'service'"],
	[
		["diagnose", "shop/frontend/http"],
		'error: "shop/frontend/http" must be <namespace>/<service>, such as shop/frontend',
	],
	[["diagnose", "shop/frontend", "--client", "foo"], 'error: --client "foo": must be an IP address'],
	[["diagnose", "shop/frontend"], "doesn't exist; fix: --kubeconfig <path>"],
])("%j can't run: it ends with 2 and says why on stderr", async (args, message) => {
	const { exitCode, stdout, stderr } = await run(...args);
	expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
	expect(stderr).toContain(message);
	expect(stderr).not.toMatch(/\n\s+at /);
});

describe("diagnose", () => {
	const diagnose = (...args: string[]) => run("diagnose", ...args, "--kubeconfig", kubeconfig);

	it("ends with 1 if it finds something, and changes nothing in the cluster", async () => {
		const { exitCode, stdout } = await diagnose("default/trace-empty");
		expect(exitCode).toBe(1);
		expect(stdout.split("\n")[0]).toMatch(/^cluster test \(http:\S+, Kubernetes v1\.36\.3\)$/);
		expect(stdout).toContain("default/trace-empty is broken: the selector app=nothing matches no pod.");
		expect(new Set(server.methods())).toEqual(new Set(["GET"]));
	});

	it("ends with 0 if it finds nothing, and names what it couldn't read", async () => {
		const { exitCode, stdout } = await diagnose("default/nodeport-service");
		expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
		expect(stdout).toContain("No fault found in the objects of default/nodeport-service");
		expect(stdout).toMatch(/^Not checked\n(- .*\n)*- rules of nodeport-control-plane, /m);
	});

	it("prints JSON of the documented schema", async () => {
		const { exitCode, stdout } = await diagnose("default/trace-empty", "--json");
		expect(exitCode).toBe(1);
		expect(JSON.parse(stdout)).toMatchObject({ schema: "nodeport-lab/diagnosis/v1", verdict: "broken" });
	});

	it("writes an HTML page next to what it prints", async () => {
		const { exitCode, stdout, stderr } = await diagnose("default/trace-empty", "--json", "--html", "page.html");
		expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: "wrote page.html" });
		expect(JSON.parse(stdout)).toMatchObject({ verdict: "broken" });
		expect(await readFile(join(folder.path, "page.html"), "utf8")).toContain("<h1>Service default/trace-empty</h1>");
	});

	it.each([
		["2001:db8::7", "Service default/nodeport-service has only IPv4 addresses"],
		["172.18.0.9", "the address of node nodeport-worker2, which isn't outside the cluster; fix: nodeport-lab explain "],
		["10.244.3.2", "the address of pod dnsutils, which isn't outside the cluster"],
	])("ends with 2 for --client %s", async (client, message) => {
		const { exitCode, stderr } = await diagnose("default/nodeport-service", "--client", client);
		expect({ exitCode, stderr }).toEqual({
			exitCode: 2,
			stderr: expect.stringContaining(`error: --client ${client}: `),
		});
		expect(stderr).toContain(message);
	});

	it("ends with 2 if it may read nothing but the Service", async () => {
		const { intercept } = server;
		server.intercept = (asked) =>
			/\/(version|services)$/.test(asked.path)
				? intercept(asked)
				: { status: 403, body: { kind: "Status", message: `${asked.path} is forbidden` } };
		const { exitCode, stdout } = await diagnose("default/nodeport-service");
		expect(exitCode).toBe(2);
		expect(stdout).toContain("default/nodeport-service couldn't be checked: neither its EndpointSlices nor the rules");
	});

	it("shows no stack trace if DEBUG is set for other programs", async () => {
		const env = { HOME: folder.path, KUBECONFIG: "", DEBUG: "*" };
		const program = join(project, "cli/tool/nodeport-lab.mjs");
		const { stderr } = await execa("node", [program, "diagnose", "shop/frontend/http"], { env, reject: false });
		expect(stderr).toMatch(/^error: /);
		expect(stderr).not.toMatch(/\n\s+at /);
	});

	it("ends with 2 if the Service doesn't exist", async () => {
		const { exitCode, stderr } = await diagnose("default/none");
		expect(exitCode).toBe(2);
		expect(stderr).toBe(
			"error: Service default/none not found; the namespace has nodeport-service, trace-cluster, trace-local, trace-empty",
		);
	});
});

describe("collect", () => {
	it.each([
		["default/trace-empty", []],
		["--namespace=default", ["--output", "bundle"]],
	])("%s writes a bundle from which diagnose prints the same JSON without the cluster", async (what, output) => {
		const { exitCode, stdout } = await run("collect", what, ...output, "--kubeconfig", kubeconfig);
		expect(exitCode, stdout).toBe(0);
		const [, path = ""] = stdout.match(/^wrote (\S+): \d+ files; next: nodeport-lab diagnose /m) ?? [];
		const live = await run("diagnose", "default/trace-empty", "--json", "--kubeconfig", kubeconfig);
		server.stop();
		const fromBundle = await run("diagnose", "default/trace-empty", "--json", "--bundle", path);
		expect(fromBundle.stdout).toBe(live.stdout);
		expect(fromBundle.exitCode).toBe(1);
	});

	it("refuses a folder with files before it reads the cluster", async () => {
		await writeFile(join(folder.path, "notes.txt"), "mine");
		const { exitCode, stderr } = await run("collect", "a/b", "--output", folder.path, "--kubeconfig", kubeconfig);
		expect(exitCode).toBe(2);
		expect(stderr).toContain("isn't empty; fix: choose another --output, or remove it");
		expect(server.asked).toEqual([]);
	});

	it.each([
		[["collect"], "give either <namespace>/<service> or --namespace <name>"],
		[["diagnose", "a/b", "--bundle", "x", "--context", "y"], "--bundle reads no cluster"],
		[["diagnose", "a/b", "--bundle", "x"], "x doesn't exist; fix: --bundle <folder or .tar.gz"],
	])("%j can't run", async (args, message) => {
		const { exitCode, stderr } = await run(...args);
		expect(exitCode).toBe(2);
		expect(stderr).toContain(message);
	});
});

describe("explain", () => {
	const rules = join(project, "test/fixtures/trace/nodeport-worker2.iptables.txt");
	const node = "172.18.0.9";

	it.each([
		["the rules that change the packet", [], /\n\n +BEFORE +AFTER\n172\.18\.0\.9\n 5\. KUBE-MARK-MASQ /],
		["every rule", ["--verbose"], /\n\n172\.18\.0\.9\n 1\. The packet /],
	])("explains one node's rules from a file, without a cluster: %s", async (_, options, steps) => {
		const asked = ["--node-ip", node, "--from", "198.51.100.7", "--to", `${node}:30040`];
		const { exitCode, stdout } = await run("explain", "--rules", rules, ...asked, ...options);
		expect(exitCode).toBe(0);
		expect(stdout).toMatch(/^From 198\.51\.100\.7 to 172\.18\.0\.9:30040 on the node 172\.18\.0\.9\n\n/);
		expect(stdout).toMatch(steps);
	});

	it.each([
		[["explain", "a/b", "--from", "x"], "--from and --to are required"],
		[["explain", "--rules", rules, "--from", "1.2.3.4", "--to", "1.2.3.5:80"], "--rules needs --node-ip <address>"],
		[["explain", "a/b", "--from", "x", "--to", "y", "--protocol", "icmp"], "Allowed choices are tcp, udp, sctp"],
	])("%j can't run", async (args, message) => {
		const { exitCode, stderr } = await run(...args);
		expect(exitCode).toBe(2);
		expect(stderr).toContain(message);
	});
});

it("needs no other rights than docs/diagnose-rbac.yaml grants, and all of them", async () => {
	server.objects.set("/api/v1/namespaces/kube-system/pods", {
		items: [...systemPods(), { ...systemPods()[0], metadata: { name: "cilium-x", labels: { "k8s-app": "cilium" } } }],
	});
	await run("diagnose", "default/nodeport-service", "--kubeconfig", kubeconfig);
	interface Role {
		metadata: { namespace?: string };
		rules: { resources: string[]; verbs: string[]; resourceNames?: string[] }[];
	}
	const roles = parseAllDocuments(await readFile("docs/diagnose-rbac.yaml", "utf8")).map((role) => role.toJS() as Role);
	const granted = roles.flatMap(({ metadata: { namespace }, rules }) =>
		rules.flatMap(({ resources, verbs, resourceNames = [undefined] }) =>
			resources.flatMap((resource) =>
				verbs.flatMap((verb) => resourceNames.map((name) => rightText(verb, resource, namespace, name))),
			),
		),
	);
	const used = server.asked.flatMap(({ path, query }) => {
		const [, namespace, resource, name, subresource] =
			path.match(/\/v1(?:\/namespaces\/([^/]+))?\/([a-z]+)(?:\/([^/]+)(?:\/([a-z]+))?)?$/) ?? [];
		if (resource === undefined) return [];
		// Rights to ConfigMaps and logs are valid in one namespace only.
		const isNarrow = resource === "configmaps" || subresource === "log";
		const [, wanted] = (isNarrow && query.fieldSelector?.split("=")) || [];
		const verb = name === undefined ? "list" : "get";
		const what = subresource === undefined ? resource : `${resource}/${subresource}`;
		return [rightText(verb, what, isNarrow ? namespace : undefined, wanted)];
	});
	// The fake server has no WebSockets: its answer ends the exec.
	expect([...new Set([...used, "create pods/exec"])].sort()).toEqual([...granted].sort());
});

/** "list configmaps/kube-proxy in kube-system" */
const rightText = (verb: string, resource: string, namespace?: string, name?: string): string =>
	`${verb} ${resource}${name === undefined ? "" : ` ${name}`}${namespace === undefined ? "" : ` in ${namespace}`}`;

const systemPods = () =>
	(labObjects().pods as Properties[]).filter(
		({ metadata }) => (metadata as { namespace?: string }).namespace === "kube-system",
	);

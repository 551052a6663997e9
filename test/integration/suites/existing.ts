/** The lab on clusters that it did not make, by a user who may do exactly what docs/rbac.yaml grants. */

import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { onNodes } from "../../components/nodeProbe.ts";
import { ownerAnnotation } from "../../kind/owner.ts";
import type { Report } from "../../verification/report.ts";
import { Lab } from "./lab.ts";
import { PlainCluster } from "./plainCluster.ts";

const namespace = "nodeport-lab";
const nodePort = 30077;

describe.each(["nftables", "iptables"])("on a cluster of %s mode made by plain kind", (mode) => {
	let folder: string;
	let cluster: PlainCluster;
	let lab: Lab;
	let kubeconfig: string;
	let before: Record<string, unknown>;
	const path = process.env.PATH;
	const calls = () => join(folder, "calls");

	beforeAll(async () => {
		folder = await mkdtemp(join(tmpdir(), "nodeport-lab-plain-"));
		lab = await Lab.create();
		cluster = await PlainCluster.create(folder, mode);
		kubeconfig = await cluster.restrictedKubeconfig();
		before = await cluster.objectsOutside(namespace);
		const settings = { cluster: "existing", kubeconfig, context: "restricted", nodePort: String(nodePort) };
		await lab.stack.removeConfig("clusterName");
		await lab.stack.setAllConfig(
			Object.fromEntries(Object.entries({ ...settings, connectivity: "full" }).map(([key, value]) => [key, { value }])),
		);
		// Whoever calls docker or kind from here on is noted, and fails.
		await mkdir(join(folder, "bin"));
		for (const program of ["docker", "kind"]) {
			await writeFile(join(folder, "bin", program), `#!/bin/sh\necho "$0 $*" >> '${calls()}'\nexit 97\n`);
			await chmod(join(folder, "bin", program), 0o755);
		}
		process.env.PATH = `${join(folder, "bin")}:${path}`;
	});

	afterAll(async () => {
		await lab?.remove().finally(async () => {
			process.env.PATH = path;
			await cluster?.delete();
			await rm(folder, { recursive: true });
		});
	});

	const report = async () => JSON.parse(await readFile(join(lab.folder, "out/verification.json"), "utf8")) as Report;
	const failing = ({ connectivity }: Report) => connectivity.filter(({ ok }) => !ok).map(({ target }) => target.kind);

	it("the doctor finds that the lab can be put on it", async () => {
		const { all, exitCode } = await lab.run(join(process.cwd(), "cli/doctor.ts"));
		expect(exitCode, all).toBe(0);
		expect(all).toMatch(/^ok +cluster +".*" can be reached: 4 nodes, rules are read in the kube-proxy pods/m);
	});

	it("a start that is killed as soon as its namespace is there goes on at the next", async () => {
		const isThere = async () => (await cluster.kubectl("get", "namespace", namespace, "--ignore-not-found")) !== "";
		await lab.runKilledWhen(isThere, "cli/start.ts");
		const { all } = await lab.run("cli/start.ts");
		expect(all).toContain("releasing the stack's lock");
		expect(all).toContain("verified at");
	});

	it("comes up, and everybody's answers, walks and traces are right", async () => {
		const { all, exitCode } = await lab.run("cli/start.ts");
		expect(exitCode, all).toBe(0);
		const { proxyMode, ok, traces, connectivity, notAsking } = await report();
		expect({ proxyMode, ok, notAsking }).toEqual({
			proxyMode: mode,
			ok: true,
			notAsking: ["outside the cluster: there is no client"],
		});
		expect(traces?.map(({ result }) => result)).toEqual(Array(4).fill("agrees"));
		expect(connectivity).toHaveLength(6 * 8);
		expect(connectivity[0]?.command).toContain(`--kubeconfig ${kubeconfig} --context restricted exec -n ${namespace}`);
	});

	it("an update of nothing changes nothing", async () => {
		expect(await lab.up({ refresh: false })).toEqual({});
	});

	it.runIf(mode === "nftables")("a node that is not Ready is left out, and said so, until it is back", async () => {
		// The client's, whose pod the update has to move though nobody there can end it.
		const idle = (await cluster.nodes()).at(-1) ?? expect.fail("there are four nodes");
		const start = async (onLine: (line: string) => Promise<void> = async () => {}) => {
			const running = lab.run("cli/start.ts");
			for await (const line of running.iterable({ from: "all" })) await onLine(line);
			const { all, exitCode } = await running;
			expect(exitCode, all).toBe(0);
			return all;
		};
		await cluster.onNode(idle, "systemctl stop kubelet");
		await cluster.kubectl("wait", "node", idle, "--for=condition=Ready=Unknown", "--timeout=120s");
		const stuck = new RegExp(`pod dnsutils can't end: ${idle} isn't Ready; fix: (kubectl .*)$`, "m");
		const fixed = new Set<string>();
		const said = await start(async (line) => {
			const [, fix] = stuck.exec(line) ?? [];
			if (fix === undefined || fixed.has(fix)) return;
			fixed.add(fix);
			await execa("sh", ["-c", fix], { cwd: lab.folder });
		}).finally(() => cluster.onNode(idle, "systemctl start kubelet"));
		expect(said).toMatch(stuck);
		expect(said).toContain(`notice: looked at 3 of 4 nodes: ${idle} is not Ready`);
		expect((await report()).connectivity).toHaveLength(5 * 7);
		await cluster.kubectl("wait", "node", idle, "--for=condition=Ready", "--timeout=120s");
		expect(await start()).not.toContain("notice: looked at");
		expect((await report()).connectivity).toHaveLength(6 * 8);
	});

	it.runIf(mode === "iptables")("a kubeconfig that has moved is told, and followed once it is named", async () => {
		const moved = join(folder, "moved");
		await rename(kubeconfig, moved);
		const lost = await lab.run("cli/destroy.ts");
		expect(lost.exitCode, lost.all).toBe(1);
		expect(lost.all).toContain(`can't be reached by ${kubeconfig}, context restricted`);
		kubeconfig = moved;
		await lab.stack.setConfig("kubeconfig", { value: moved });
		const { all, exitCode } = await lab.run("cli/start.ts");
		expect(exitCode, all).toBe(0);
	});

	it("nothing of the kubeconfig is in state, outputs, report or what commands print", async () => {
		const { all } = await lab.run("cli/verify.ts");
		const outputs = await lab.outputs();
		expect(outputs).toMatchObject({ clusterName: `kind-${cluster.name}`, nodePort });
		expect(outputs).not.toHaveProperty("kubeconfig");
		const seen = [await lab.state(), JSON.stringify(outputs), JSON.stringify(await report()), all];
		const secrets = await cluster.secrets(kubeconfig);
		expect(secrets).toHaveLength(2);
		for (const secret of secrets) for (const text of seen) expect(text.includes(secret)).toBe(false);
		expect(existsSync(join(lab.folder, ".kube"))).toBe(false);
	});

	it("what the user may not do is told at once, before anything is changed", async () => {
		const rule = (await cluster.kubectl("get", "clusterrole", "nodeport-lab", "--output=json")) as string;
		const { rules } = JSON.parse(rule) as { rules: { resources: string[] }[] };
		const exec = rules.findIndex(({ resources }) => resources.includes("pods/exec"));
		const remove = JSON.stringify([{ op: "remove", path: `/rules/${exec}` }]);
		await cluster.kubectl("patch", "clusterrole", "nodeport-lab", "--type=json", "--patch", remove);
		const { all, exitCode } = await lab.run("cli/start.ts");
		await cluster.kubectl("apply", "--filename", "docs/rbac.yaml");
		expect(exitCode).toBe(1);
		expect(all).toMatch(/lacks 2 rights that the lab needs; nothing was changed:$/m);
		expect(all).toMatch(/^ {2}create, get pods\/exec in nodeport-lab$/m);
		expect(all).toMatch(/^ {2}create, get pods\/exec in kube-system$/m);
		expect(all).not.toMatch(/^ +at /m);
	});

	it.runIf(mode === "nftables")(
		"a DaemonSet that is confined to nodes as NodeProbe is to a sample runs on these alone",
		async () => {
			const [first, , , last] = await cluster.nodes();
			const names = [first, last].map((name) => name ?? expect.fail("there are four nodes"));
			const labels = { app: "confined" };
			const spec = {
				affinity: onNodes(names),
				tolerations: [{ operator: "Exists" }],
				terminationGracePeriodSeconds: 1,
				containers: [{ name: "idle", image: "nodeport-lab/dnsutils:0.1.0" }],
			};
			const template = { metadata: { labels }, spec };
			const metadata = { name: "confined", namespace };
			const object = {
				apiVersion: "apps/v1",
				kind: "DaemonSet",
				metadata,
				spec: { selector: { matchLabels: labels }, template },
			};
			await cluster.apply(object);
			await cluster.kubectl("rollout", "status", "daemonset/confined", "--namespace", namespace, "--timeout=60s");
			const nodeOf = "--output=jsonpath={.items[*].spec.nodeName}";
			const on = await cluster.kubectl("get", "pods", "--namespace", namespace, "--selector=app=confined", nodeOf);
			await cluster.kubectl("delete", "daemonset/confined", "--namespace", namespace, "--cascade=foreground");
			expect(on.split(" ").sort()).toEqual(names.sort());
		},
	);

	it("where kube-proxy is no pod, the rules that it left are read through NodeProbe, with connectivity base too", async () => {
		await cluster.kubectl("delete", "daemonset", "kube-proxy", "--namespace", "kube-system", "--wait");
		await cluster.kubectl("wait", "pod", "--for=delete", "--selector=k8s-app=kube-proxy", "--namespace", "kube-system");
		await lab.stack.setConfig("connectivity", { value: "base" });
		const { all, exitCode } = await lab.run("cli/start.ts");
		expect(exitCode, all).toBe(0);
		const { proxyMode, rules, request } = await report();
		expect({ proxyMode, readers: request.existing?.readers?.labels }).toEqual({
			proxyMode: mode,
			readers: { app: "node-probe" },
		});
		expect(rules.map(({ paths }) => paths.length)).toEqual([1, 1, 1, 1]);
	});

	it.runIf(mode === "iptables")("where nothing of kube-proxy's is left, it says so, and measures", async () => {
		await cluster.onNodes("iptables-save | grep -v KUBE- | iptables-restore; conntrack -F 2>&1");
		const { all, exitCode } = await lab.run("cli/verify.ts");
		expect(exitCode).toBe(1);
		expect(all).toMatch(/notice: no node runs a kube-proxy pod, and none has a rule of kube-proxy's/);
		const found = await report();
		expect(found.proxyMode).toBe("none");
		expect(failing(found)).toEqual([...Array(4).fill("nodePort"), "clusterIp", "serviceDns"]);
		expect(found.failures.filter((failure) => failure.includes("rules of kube-proxy"))).toEqual([]);
	});

	it.runIf(mode === "iptables")("whoever serves Services in its place is measured, and can be right", async () => {
		const { service, pods } = await report();
		const kubeDns = ["get", "endpoints", "kube-dns", "--namespace=kube-system"];
		const dns = await cluster.kubectl(...kubeDns, "--output=jsonpath={.subsets[0].addresses[0].ip}");
		const dnsIp = await cluster.kubectl(
			"get",
			"service",
			"kube-dns",
			"-n",
			"kube-system",
			"-o=jsonpath={.spec.clusterIP}",
		);
		const pod = `DNAT --to-destination ${pods[0]?.ip}:8080`;
		const chain = "iptables -t nat -A OTHER";
		await cluster.onNodes(
			[
				"iptables -t nat -N OTHER",
				...["PREROUTING", "OUTPUT"].map((hook) => `iptables -t nat -I ${hook} -j OTHER`),
				`${chain} -p tcp --dport ${nodePort} -m addrtype --dst-type LOCAL -j ${pod}`,
				`${chain} -p tcp -d ${service.clusterIp} --dport ${service.port} -j ${pod}`,
				`${chain} -p udp -d ${dnsIp} --dport 53 -j DNAT --to-destination ${dns}:53`,
				"iptables -t nat -A POSTROUTING -m conntrack --ctstate DNAT -j MASQUERADE",
			].join("\n"),
		);
		const { all, exitCode } = await lab.run("cli/verify.ts");
		expect(exitCode, all).toBe(0);
		expect(await report()).toMatchObject({ ok: true, proxyMode: "none", rules: [] });
	});

	it("destroy removes all of it, and nothing of the cluster's own was changed", async () => {
		const { all, exitCode } = await lab.run("cli/destroy.ts");
		expect(exitCode, all).toBe(0);
		expect(await cluster.kubectl("get", "namespace", namespace, "--ignore-not-found")).toBe("");
		// What this test itself deleted.
		const isProxy = (name: string) => /^(DaemonSet|Pod|ControllerRevision) kube-system\/kube-proxy/.test(name);
		const own = (objects: Record<string, unknown>) =>
			Object.fromEntries(Object.entries(objects).filter(([name]) => !isProxy(name)));
		expect(own(await cluster.objectsOutside(namespace))).toEqual(own(before));
	});

	it("a namespace of that name that it has not made is refused, and stays", async () => {
		await cluster.kubectl("create", "namespace", namespace);
		const { all, exitCode } = await lab.run("cli/start.ts");
		expect(exitCode, all).toBe(1);
		expect(all).toMatch(/namespace: got "nodeport-lab", which already exists and isn't managed by this stack/);
		expect(await cluster.kubectl("get", "namespace", namespace, "--output=name")).toBe(`namespace/${namespace}`);
	});

	it("one that a killed update was making goes, by the note that this left, and is taken for nobody else's", async () => {
		const mark = "0123456789abcdef";
		await cluster.kubectl("annotate", "namespace", namespace, `${ownerAnnotation}=${mark}`);
		await lab.notePending("kubernetes:core/v1:Namespace", {
			name: namespace,
			annotations: { [ownerAnnotation]: mark },
		});
		const { all, exitCode } = await lab.run("cli/destroy.ts");
		expect(exitCode, all).toBe(0);
		expect(await cluster.kubectl("get", "namespace", namespace, "--ignore-not-found")).toBe("");
	});

	it("neither docker nor kind was called", () => {
		expect(existsSync(calls())).toBe(false);
	});
});

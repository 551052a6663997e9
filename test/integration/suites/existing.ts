/** The lab on a cluster that it didn't create, as a user who has exactly the rights of docs/rbac.yaml. */
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { onNodes } from "../../../components/nodeProbe.ts";
import { ownerAnnotation } from "../../../kind/owner.ts";
import type { Report } from "../../../verification/report.ts";
import { Lab, lastingNotices } from "../support/lab.ts";
import { PlainCluster } from "../support/plainCluster.ts";
import { describeIfSlow, itIfSlow } from "./selection.ts";
import { nodePort, withoutKubeProxy } from "./withoutKubeProxy.ts";

const namespace = "nodeport-lab";

export const existing = (mode: "iptables" | "nftables") =>
	(mode === "iptables" ? describe : describeIfSlow)(`on a kind cluster in ${mode} mode`, () => {
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
				Object.fromEntries(
					Object.entries({ ...settings, connectivity: "full" }).map(([key, value]) => [key, { value }]),
				),
			);
			// From here on, a call of docker or kind is recorded and fails.
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

		it("the doctor reports that the lab can be deployed", async () => {
			const { all, exitCode } = await lab.run(join(process.cwd(), "cli/doctor.ts"));
			expect(exitCode, all).toBe(0);
			expect(all).toMatch(/^ok +cluster +".*" can be reached: 4 nodes; rules are read in the kube-proxy pods;/m);
		});

		itIfSlow("npm start resumes after it was killed once the namespace existed", async () => {
			const isThere = async () => (await cluster.kubectl("get", "namespace", namespace, "--ignore-not-found")) !== "";
			await lab.runKilledWhen(isThere, "cli/start.ts");
			const { all } = await lab.run("cli/start.ts");
			expect(all).toContain("releasing the stack's lock");
			expect(all).toContain("verified at");
		});

		it("starts, and all answers, predicted paths and traces are as expected", async () => {
			const { all, exitCode } = await lab.run("cli/start.ts");
			expect(exitCode, all).toBe(0);
			const verified = await report();
			const { proxyMode, ok, traces, connectivity } = verified;
			expect({ proxyMode, ok, notices: lastingNotices(verified) }).toEqual({
				proxyMode: mode,
				ok: true,
				notices: [{ kind: "noClientOutside" }],
			});
			expect(traces?.map(({ result }) => result)).toEqual(Array(4).fill("agrees"));
			expect(connectivity).toHaveLength(6 * 8);
			expect(connectivity[0]?.command).toContain(
				`--kubeconfig ${kubeconfig} --context restricted exec -n ${namespace}`,
			);
		});

		it("a no-op update changes nothing", async () => {
			expect(await lab.up({ refresh: false })).toEqual({});
		});

		itIfSlow("a node that isn't Ready is left out, and reported, until it is Ready again", async () => {
			// The client's node: the update has to move its pod, which nothing on that node can end.
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
			const stuck = new RegExp(`pod dnsutils can't terminate: ${idle} isn't Ready; fix: (kubectl .*)$`, "m");
			const fixed = new Set<string>();
			const printed = await start(async (line) => {
				const [, fix] = stuck.exec(line) ?? [];
				if (fix === undefined || fixed.has(fix)) return;
				fixed.add(fix);
				await execa("sh", ["-c", fix], { cwd: lab.folder });
			}).finally(() => cluster.onNode(idle, "systemctl start kubelet"));
			expect(printed).toMatch(stuck);
			expect(printed).toContain(`notice: verified 3 of 4 nodes: ${idle} is not Ready`);
			expect((await report()).connectivity).toHaveLength(5 * 7);
			await cluster.kubectl("wait", "node", idle, "--for=condition=Ready", "--timeout=120s");
			expect(await start()).not.toContain("notice: verified");
			expect((await report()).connectivity).toHaveLength(6 * 8);
		});

		it.runIf(mode === "iptables")(
			"a kubeconfig that has moved is reported, and used once the setting names it",
			async () => {
				const moved = join(folder, "moved");
				await rename(kubeconfig, moved);
				const lost = await lab.run("cli/destroy.ts");
				expect(lost.exitCode, lost.all).toBe(1);
				expect(lost.all).toContain(`can't be reached by ${kubeconfig}, context restricted`);
				kubeconfig = moved;
				await lab.stack.setConfig("kubeconfig", { value: moved });
				const { all, exitCode } = await lab.run("cli/start.ts");
				expect(exitCode, all).toBe(0);
			},
		);

		it("no secret of the kubeconfig is in the state, outputs, report or printed text", async () => {
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

		it("missing rights are reported together, before anything changes", async () => {
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

		it("a DaemonSet with NodeProbe's node affinity runs on these nodes only", async () => {
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
		});

		withoutKubeProxy(mode, () => ({ cluster, lab, report }));

		it("destroy removes everything of the lab, and no other object has changed", async () => {
			const { all, exitCode } = await lab.run("cli/destroy.ts");
			expect(exitCode, all).toBe(0);
			expect(await cluster.kubectl("get", "namespace", namespace, "--ignore-not-found")).toBe("");
			// This test deleted these.
			const isProxy = (name: string) => /^(DaemonSet|Pod|ControllerRevision) kube-system\/kube-proxy/.test(name);
			const own = (objects: Record<string, unknown>) =>
				Object.fromEntries(Object.entries(objects).filter(([name]) => !isProxy(name)));
			expect(own(await cluster.objectsOutside(namespace))).toEqual(own(before));
		});

		it("a namespace that the stack didn't create is refused, and stays", async () => {
			await cluster.kubectl("create", "namespace", namespace);
			const { all, exitCode } = await lab.run("cli/start.ts");
			expect(exitCode, all).toBe(1);
			expect(all).toMatch(/namespace: got "nodeport-lab", which already exists and isn't managed by this stack/);
			expect(await cluster.kubectl("get", "namespace", namespace, "--output=name")).toBe(`namespace/${namespace}`);
		});

		it("a namespace that a killed update was creating is recognized by the pending operation, and removed", async () => {
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

		it("neither docker nor kind is called", () => {
			expect(existsSync(calls())).toBe(false);
		});
	});

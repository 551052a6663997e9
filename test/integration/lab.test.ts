/** The whole life of a lab: created, changed, broken, healed, destroyed. The tests build on each other. */
import { access, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, expect, it } from "vitest";
import { plannedCluster } from "../../kind/kind.ts";
import { findingText } from "../../report/findingText.ts";
import { Report } from "../../verification/report.ts";
import { itIfSlow } from "./suites/selection.ts";
import { Contract } from "./support/contract.ts";
import { expectNoNewVolumes } from "./support/dockerEngine.ts";
import { holdsEvidence } from "./support/evidence.ts";
import { clusterName, Lab } from "./support/lab.ts";
import { processesOf } from "./support/processes.ts";
import { defaultProvider } from "./support/providerChoice.ts";
import { leftovers, unusedVolumes } from "./support/testResources.ts";

const renamed = `${clusterName}-renamed`;
const worker = (i: number) => `${clusterName}-worker${i === 1 ? "" : i}`;

let lab: Lab;
let unusedBefore: string[];

const outputs = async () => Contract.parse(await lab.outputs());
const report = async () => Report.parse(JSON.parse(await readFile(join(lab.folder, "out/verification.json"), "utf8")));
const kubeconfigOf = (cluster: string) => join(lab.folder, ".kube", `${cluster}.yaml`);
const gone = (path: string) => expect(access(path)).rejects.toThrow("ENOENT");

beforeAll(async () => {
	lab = await Lab.create();
	unusedBefore = await unusedVolumes();
	return () => lab.remove();
});

it("previews everything as created while there is no cluster", async () => {
	const changes = await lab.preview();
	expect(Object.keys(changes)).toContain("verification-run");
	expect(new Set(Object.values(changes))).toEqual(new Set(["create"]));
	expect(await leftovers()).toEqual([]);
});

it("starts after npm start was killed while kind created nodes, and again while the Deployment was created", async () => {
	await lab.runKilledWhen(async () => (await leftovers()).length > 0, "cli/start.ts");
	const deployed = () => lab.kubectl("get", "deployment/app1").catch(() => "");
	const second = lab.runKilledWhen(async () => (await deployed()) !== "", "cli/start.ts");
	expect((await second).all).toContain(`the cluster ${clusterName} is incomplete`);
	const { exitCode, all } = await lab.run("cli/start.ts");
	expect(exitCode, all).toBe(0);
	// A killed update leaves a pending operation, or an object that the official provider has recorded as incomplete.
	if (defaultProvider() === "substitute")
		expect(all).toContain("removing Deployment default/app1, which an interrupted update was creating");
	expect(all).toMatch(/process \d+ has ended: releasing the stack's lock that it left/);
});

it("is verified and has the outputs of the contract", async () => {
	const { clusterName: name, nodes, nodeIps, nodePort, service, echo, verification } = await outputs();
	expect(name).toBe(clusterName);
	expect(verification.proxyMode).toBe("iptables");
	expect(nodes.map(({ name, ready }) => `${name} ${ready}`)).toEqual(
		[`${clusterName}-control-plane`, worker(1), worker(2), worker(3)].map((name) => `${name} true`),
	);
	expect(Object.keys(nodeIps)).toEqual(nodes.map(({ name }) => name));
	expect(nodePort).toBe(30040);
	expect(service).toMatchObject({ name: "nodeport-service", port: 8080, nodePort: 30040 });
	expect(echo.pods.map(({ node }) => node)).toEqual([worker(1)]);
	expect(
		verification.connectivity.map(({ target, observed }) => `${target.node ?? target.kind} ${observed.node}`),
	).toEqual(
		[...nodes.map(({ name }) => name), "podIp", "clusterIp", "serviceDns"].map((target) => `${target} ${worker(1)}`),
	);
});

it("answers with the walkthrough's message", async () => {
	const { connectivity } = (await outputs()).verification;
	const [pod] = (await outputs()).echo.pods;
	for (const { observed } of connectivity)
		expect(JSON.parse(observed.body ?? "")).toMatchObject({ message: `NODE: ${worker(1)}, POD IP:${pod?.ip}` });
});

it("finds the walkthrough's chain on every node and follows it to the mark and the DNAT", async () => {
	const { verification, echo } = await outputs();
	expect(verification.nodes.length).toBe(4);
	for (const { rules, paths, backend } of verification.nodes) {
		expect(backend).toBe("iptables-nft");
		const text = rules.join("\n");
		expect(text).toContain("KUBE-SVC-SR75RJIBNEHN2H65");
		expect(text).toContain(`--to-destination ${echo.pods[0]?.ip}:8080`);
		expect(text).toMatch(/KUBE-MARK-MASQ .*(--set-xmark|--or-mark) 0x4000/);
		expect(paths.map(({ probability }) => probability)).toEqual([1]);
		const effects = paths[0]?.hops.map(({ effect }) => effect) ?? [];
		expect(effects).toEqual(expect.arrayContaining(["jump", "mark", "dnat", "masquerade"]));
	}
});

it("writes the full report to disk and doesn't write the kubeconfig into the state", async () => {
	expect((await report()).ok).toBe(true);
	const { kubeconfig, verification } = await outputs();
	const key = /client-key-data: (\S+)/.exec(kubeconfig)?.[1] ?? "";
	expect(key.length).toBeGreaterThan(100);
	expect(await lab.state()).not.toContain(key);
	expect(JSON.stringify(verification).length).toBeLessThan(64 * 1024);
});

it("a second npm start changes nothing, but verifies again, and prints one line and the answer", async () => {
	const { checkedAt } = await report();
	const { exitCode, stdout, stderr, all } = await lab.run("cli/start.ts");
	expect(exitCode, all).toBe(0);
	const [update] = await lab.stack.history(1);
	expect(update?.kind).toBe("update");
	expect(Object.keys(update?.resourceChanges ?? {}).sort(), all).toEqual(["read", "same"]); // Node.get reads.
	expect((await report()).checkedAt > checkedAt).toBe(true);
	// A slow machine repeats the first line every 30 seconds.
	expect(
		stderr.split("\n").filter((line) => line !== "" && !line.startsWith("bringing up the lab (stack test)")),
	).toEqual([]);
	expect(stdout.split("\n").length).toBeLessThanOrEqual(12);
	const pod = (await report()).pods[0]?.ip;
	expect(stdout).toMatch(new RegExp(`^answer +${pod} on ${worker(1)}, through port 30040 of all 4 nodes$`, "m"));
	expect(stdout).toMatch(/^costs +npm run drawbacks/m);
	expect(stdout).toMatch(/^look +out\/report\.html;/m);
});

it("npm start --verbose shows Pulumi's output, nodes, matrix and chains", async () => {
	const { exitCode, stdout, all } = await lab.run("cli/start.ts", "--verbose");
	expect(exitCode, all).toBe(0);
	expect(stdout).toMatch(/^Resources:/m);
	expect(stdout).toMatch(/NAME +STATUS +ROLES +VERSION +INTERNAL-IP/);
	expect(stdout).toContain("External communication");
	expect(stdout).toContain("Internal communication");
	expect(stdout.match(/KUBE-SVC-SR75RJIBNEHN2H65 -> KUBE-SEP/g)?.length).toBe(4);
});

it("writes the report as HTML, Markdown and JUnit XML, and npm run report writes them again", async () => {
	const files = ["out/report.html", "out/report.md", "out/junit.xml"];
	const read = () => Promise.all(files.map((file) => readFile(join(lab.folder, file), "utf8")));
	const made = await read();
	for (const text of made) expect(text).toContain(worker(3));
	for (const file of files) await rm(join(lab.folder, file));
	const { exitCode, stdout, all } = await lab.run("cli/renderReport.ts");
	expect([exitCode, stdout.split("\n").slice(0, 3)], all).toEqual([0, files]);
	expect(stdout).toContain("verified at");
	expect(await read()).toEqual(made);
});

it("names each failed request and the evidence when the echo is scaled to 0, and an update fixes it", async () => {
	await lab.kubectl("scale", "deployment/app1", "--replicas=0");
	await lab.kubectl("wait", "pods", "-l", "app=app1", "--for=delete", "--timeout=60s");
	const { exitCode, stdout } = await lab.run("cli/verify.ts");
	expect(exitCode).toBe(1);
	for (const node of [`${clusterName}-control-plane`, worker(1), worker(2), worker(3)])
		expect(stdout).toMatch(
			new RegExp(`failed: dnsutils -> ${node} nodePort .*observed refused.*(\\n {2}\\w+: .*)*\\n {2}repeat: kubectl `),
		);
	expect(stdout).toMatch(/failed: dnsutils -> clusterIp .*observed refused/);
	await holdsEvidence(lab, /^evidence: (.*)$/m.exec(stdout)?.[1] ?? "");
	const failed = await lab.up({ refresh: false }).catch((error: Error) => error.message);
	await holdsEvidence(lab, /\(report: out\/verification.json, evidence: (.*)\):$/m.exec(String(failed))?.[1] ?? "");
	expect(await lab.up()).toMatchObject({ "app1-deployment": "update" });
	expect((await outputs()).verification.ok).toBe(true);
});

it("changes the nodePort as previewed and keeps the cluster", async () => {
	await lab.stack.setConfig("nodePort", { value: "30041" });
	const previewed = await lab.preview();
	expect(Object.keys(previewed).sort()).toEqual(["nodeport-service-service", "verification-run"]);
	expect(await lab.up()).toEqual(previewed);
	const { nodePort, verification } = await outputs();
	expect(nodePort).toBe(30041);
	expect(verification.connectivity[0]?.target.address).toMatch(/:30041$/);
});

itIfSlow("keeps the cluster when its nodes were stopped and the kubeconfig was deleted", async () => {
	const nodes = await leftovers();
	await execa("docker", ["stop", "--time=1", ...nodes]);
	await rm(kubeconfigOf(clusterName));
	const changes = await lab.up({ refresh: false });
	expect(changes).not.toHaveProperty("cluster-cluster");
	expect(changes).toHaveProperty("cluster-access");
	expect((await lab.run("cli/verify.ts")).exitCode).toBe(0);
});

itIfSlow("reports only the node that is down, until npm start starts it", async () => {
	await execa("docker", ["pause", worker(2)]);
	const paused = await lab.run("cli/verify.ts");
	// Its kernel still answers, but its rules can't be read.
	expect(paused.exitCode, paused.all).toBe(1);
	expect((await report()).findings.map(findingText)).toEqual([
		expect.stringMatching(`^${worker(2)}: iptables-save -c failed`),
	]);
	const index = await readFile(join(lab.folder, (await report()).evidence ?? "", "index.txt"), "utf8");
	expect(index).toMatch(new RegExp(`^nodes/${worker(2)}/journal.log: .* is paused`, "m"));
	expect(index).toMatch(new RegExp(`^nodes/${worker(2)}/iptables.rules: no answer within the 15 s`, "m"));
	expect(index).toMatch(new RegExp(`^nodes/${worker(3)}/journal.log +\\d+ `, "m"));
	await execa("docker", ["unpause", worker(2)]);
	await execa("docker", ["stop", "--time=0", worker(2)]);
	const { exitCode, all } = await lab.run("cli/verify.ts");
	expect(exitCode, all).toBe(1);
	const { connectivity, rules } = await report();
	expect(connectivity.filter(({ ok }) => !ok).map(({ target }) => target.node)).toEqual([worker(2)]);
	expect(rules.map(({ node }) => node)).toEqual([`${clusterName}-control-plane`, worker(1), worker(3)]);
	const started = await lab.run("cli/start.ts");
	expect(started.exitCode, started.all).toBe(0);
});

it("replaces the cluster by one with two workers and another name, as previewed, and removes the old one", async () => {
	await lab.stack.setConfig("workers", { value: "2" });
	await lab.stack.setConfig("clusterName", { value: renamed });
	const previewed = await lab.preview();
	expect(previewed).toMatchObject({ "cluster-cluster": "update", "app1-deployment": "replace" });
	expect(await lab.up()).toEqual(previewed);
	const nodes = [`${renamed}-control-plane`, `${renamed}-worker`, `${renamed}-worker2`];
	expect((await outputs()).nodes.map(({ name }) => name)).toEqual(nodes);
	expect((await leftovers()).sort()).toEqual(nodes);
	await gone(kubeconfigOf(clusterName));
	expect(await lab.up()).toEqual({});
});

it("is recreated by an update when the cluster was deleted without Pulumi", async () => {
	await execa("kind", ["delete", "cluster", "--name", renamed, "--kubeconfig", join(lab.folder, "none")]);
	await lab.stack.up();
	expect((await outputs()).verification.ok).toBe(true);
});

itIfSlow("starts when the state was deleted while the cluster runs", async () => {
	await rm(join(lab.folder, ".state/.pulumi"), { recursive: true });
	const { exitCode, all } = await lab.run("cli/start.ts");
	expect(exitCode, all).toBe(0);
	expect((await outputs()).clusterName).toBe(renamed);
});

it("refuses a cluster of that name that it didn't create, and prints the fix", async () => {
	const stranger = `${clusterName}-stranger`;
	const container = ["--name", stranger, "--label", `io.x-k8s.kind.cluster=${stranger}`, "nodeport-lab/dnsutils:0.1.0"];
	await execa("docker", ["run", "--detach", ...container, "/usr/local/bin/idle"]);
	try {
		const spec = { name: stranger, workers: 1, nodeImage: "any", kubeProxyMode: "iptables" as const };
		await expect(plannedCluster(spec, "anybody")).rejects.toThrow(`kind delete cluster --name ${stranger}`);
	} finally {
		await execa("docker", ["rm", "--force", stranger]);
	}
});

it("is destroyed completely by plain pulumi destroy, and npm run destroy then succeeds too", async () => {
	await lab.stack.destroy();
	expect(await leftovers()).toEqual([]);
	await expectNoNewVolumes(unusedBefore);
	expect(await processesOf(lab.folder)).toEqual([]);
	await gone(kubeconfigOf(renamed));
	const again = await lab.run("cli/destroy.ts");
	expect(again.exitCode, again.all).toBe(0);
	expect(await readdir(lab.home)).toEqual([]);
});

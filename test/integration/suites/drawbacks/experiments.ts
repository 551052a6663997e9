/** The drawbacks of NodePort, measured: every expectation holds, and the lab is as before afterwards. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { experiments } from "../../../../verification/experiments/all.ts";
import { readReport } from "../../../../verification/resultFile.ts";
import { clusterName, type Lab } from "../../support/lab.ts";
import { leftovers } from "../../support/testResources.ts";
import { ifSlow, isSlowRun, itIfSlow } from "../selection.ts";

/** One updates the lab, one creates other Services, one stops a node. `npm run test:slow` measures all drawbacks. */
const quick = ["client-ip-lost", "one-service-per-port", "dead-node-dead-url"];

/** The experiments wait for the cluster again and again, on a busy machine three times as long as on an idle one. */
const longSeconds = 40 * 60;

/** Unlike what the experiments start from: they must change all of it, and restore it. */
const settings = {
	externalTrafficPolicy: "Local",
	sessionAffinity: "ClientIP",
	replicas: 2,
	echoNodes: [],
	clientNode: `${clusterName}-worker`,
	connectivity: "base",
};

export const drawbacks = (lab: () => Lab) =>
	describe("npm run drawbacks", () => {
		const report = () => readReport(join(lab().folder, "out/verification.json"));
		const configurationPath = () => join(lab().folder, "Pulumi.test.yaml");
		const configuration = () => readFile(configurationPath(), "utf8");

		async function services(): Promise<string[]> {
			return (await lab().kubectl("get", "services", "--output=name")).split("\n").sort();
		}

		beforeAll(async () => {
			const config = Object.entries(settings).map(([name, value]) => [`nodeport-lab:${name}`, value]);
			const file = parse(await configuration());
			await writeFile(
				configurationPath(),
				stringify({ ...file, config: { ...file.config, ...Object.fromEntries(config) } }),
			);
			await lab().up();
		});

		it("refuses an unknown experiment and names the known ones", async () => {
			const { exitCode, all } = await lab().run("cli/drawbacks.ts", "no-such");
			expect(exitCode).toBe(1);
			expect(all).toMatch(/experiment "no-such" not found; experiments: client-ip-lost, /);
		});

		it.each([
			["an update", "client-ip-lost", (program: string) => program.includes("pulumi up")],
			...ifSlow([
				["the stop of a node", "dead-node-dead-url", (program: string) => program.startsWith("docker stop")] as const,
			]),
		] as const)("restores the lab on Ctrl-C during %s", async (_, name, sign) => {
			const before = await configuration();
			const { exitCode, all } = await lab().runInterruptedWhen(
				(programs) => programs.some(sign),
				"cli/drawbacks.ts",
				name,
			);
			expect(exitCode, all).toBe(130);
			expect(all).toContain("error: ended by SIGINT");
			expect(await configuration()).toBe(before);
			expect((await leftovers()).length).toBe(4);
			const { exitCode: verified, all: printed } = await lab().run("cli/verify.ts");
			expect(verified, printed).toBe(0);
		});

		itIfSlow("is restored by npm start after a run was killed while nodePorts were bound to one node", async () => {
			const annotations = "jsonpath={.metadata.annotations}";
			const kubeProxy = () =>
				lab().kubectl("get", "configmap/kube-proxy", "--namespace=kube-system", `--output=${annotations}`);
			const bound = async () => (await kubeProxy()).includes("nodeport-lab/");
			await lab().runKilledWhen(bound, "cli/drawbacks.ts", "open-everywhere");
			const { exitCode, all } = await lab().run("cli/start.ts");
			expect(exitCode, all).toBe(0);
			expect(await bound()).toBe(false);
			expect(await lab().up({ refresh: false })).toEqual({});
		});

		it(
			"measures drawbacks and leaves the lab as it was",
			async () => {
				const [before, servicesBefore] = [await configuration(), await services()];
				const { exitCode, all } = await lab().run("cli/drawbacks.ts", ...(isSlowRun ? [] : quick));
				expect(exitCode, all).toBe(0);
				expect(await configuration()).toBe(before);
				expect(await services()).toEqual(servicesBefore);
				const { stdout } = await execa("docker", [
					"ps",
					"--filter",
					`label=io.x-k8s.kind.cluster=${clusterName}`,
					"--quiet",
				]);
				expect(stdout.split("\n").length).toBe(4);
				expect((await report())?.ok).toBe(true);
				expect(await lab().up({ refresh: false })).toEqual({});
			},
			longSeconds * 1000,
		);

		const usual = experiments.filter(({ onlyByName }) => !onlyByName).map(({ name }) => name);
		it.each(isSlowRun ? usual : quick)("%s: every expectation holds", async (name) => {
			const drawback = (await report())?.drawbacks?.find((drawback) => drawback.name === name);
			expect(drawback?.measurements.length).toBeGreaterThan(0);
			expect(drawback?.measurements.filter(({ ok }) => !ok)).toEqual([]);
		});
	});

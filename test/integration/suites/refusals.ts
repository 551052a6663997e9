/** What the lab refuses, before there is a cluster and once it runs. */
import { writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { clusterName, type Lab } from "../support/lab.ts";
import { leftovers } from "../support/testResources.ts";

export async function configure(lab: Lab, settings: Record<string, string>): Promise<void> {
	for (const [name, value] of Object.entries(settings)) await lab.stack.setConfig(name, { value });
}

async function unset(lab: Lab, ...names: string[]): Promise<void> {
	for (const name of names) await lab.stack.removeConfig(name);
}

/** No stack trace, and no word of an exception. */
const expectNoStack = (text: string) => expect(text).not.toMatch(/^ +at |unhandled exception|Error: /m);

export const refusalsBeforeStart = (lab: () => Lab) =>
	describe("before there is a cluster", () => {
		it("reports all configuration errors together and creates nothing", async () => {
			const bad = { nodePort: "1e5", replicas: "0", namespace: "Kube_System", echoImage: "no image", colour: "red" };
			await configure(lab(), { ...bad, clientNode: "elsewhere" });
			for (const [i, value] of [`${clusterName}-worker`, "nowhere"].entries())
				await lab().stack.setConfig(`echoNodes[${i}]`, { value }, true);
			const { exitCode, all } = await lab().run("cli/start.ts");
			expect(exitCode, all).not.toBe(0);
			expect(all).toContain("the configuration has 7 errors; nothing was changed:");
			for (const [field, got] of [...Object.entries(bad), ["clientNode", "elsewhere"], ["echoNodes[1]", "nowhere"]])
				expect(all).toMatch(
					new RegExp(`^ +${field?.replace(/[[\]]/g, "\\$&")}: got "${got}", allowed: .+; fix: pulumi `, "m"),
				);
			expectNoStack(all);
			expect(await leftovers()).toEqual([]);
			const { resources = [] } = (await lab().stack.exportStack()).deployment;
			expect(resources.map(({ type }: { type: string }) => type)).toEqual(["pulumi:pulumi:Stack"]);
			await unset(lab(), ...Object.keys(bad), "clientNode", "echoNodes");
		});

		it("names both images that the engine lacks, each with the command that gets it", async () => {
			await configure(lab(), { echoImage: "nodeport-lab/none:1", dnsutilsImage: "nodeport-lab/none:2" });
			const failure = await lab()
				.stack.preview()
				.catch(({ message }: Error) => message);
			for (const image of ["nodeport-lab/none:1", "nodeport-lab/none:2"])
				expect(failure).toMatch(new RegExp(`image "${image}" is not on the Docker engine.*\`docker pull ${image}\``));
			expect(failure).toContain('error: image "nodeport-lab/none:1" is not on the Docker engine');
			expect(String(failure)).not.toMatch(/^ +at |serializing/m);
			await unset(lab(), "echoImage", "dnsutilsImage");
		});
	});

export const refusals = (lab: () => Lab) =>
	describe("a running lab", () => {
		it("names the Service that has the nodePort already", async () => {
			await lab().kubectl("create", "service", "nodeport", "taken", "--tcp=80:80", "--node-port=30041");
			await configure(lab(), { nodePort: "30041" });
			const { exitCode, all } = await lab().run("cli/start.ts");
			expect(exitCode, all).not.toBe(0);
			expect(all).toMatch(/nodePort: got 30041, which Service default\/taken uses; allowed: a free port/);
			expect(all).toMatch(/; fix: pulumi config set nodePort 30000, or kubectl .* delete service taken$/m);
			expectNoStack(all);
			// Plain Pulumi prints the API server's error.
			const failure = await lab()
				.stack.up()
				.catch(({ message }: Error) => message);
			expect(failure).toMatch(/nodePort: Invalid value: 30041: provided port is already allocated/);
			await configure(lab(), { nodePort: "30040" });
			await lab().kubectl("delete", "service", "taken");
		});

		it("reports a kubeconfig that can't be read, and npm start fixes it", async () => {
			await writeFile(lab().kubeconfig(), "users: [");
			const { exitCode, all } = await lab().run("cli/verify.ts");
			expect(exitCode, all).toBe(1);
			expect(all).toMatch(/isn't a readable kubeconfig \(.*\); fix: npm start$/m);
			expectNoStack(all);
			const started = await lab().run("cli/start.ts");
			expect(started.exitCode, started.all).toBe(0);
		});
	});

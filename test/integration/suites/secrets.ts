/** The cluster's credentials are in its kubeconfig and nowhere else. */
import { readFile, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import { copiesOf, credentialsOf, holdsAny } from "../support/credentials.ts";
import { clusterName, type Lab } from "../support/lab.ts";

/**
 * @param temporary the temporary folder of all commands; it contains the lab and its home
 * @param processes command lines and environments of everything that ran during a start
 */
export const secrets = (lab: () => Lab, temporary: string, processes: () => string[]) =>
	describe("the cluster's credentials", () => {
		let credentials: string[];
		const copies = () => copiesOf(credentials, lab(), temporary);

		async function expectNoCopy(command: string): Promise<void> {
			expect(await copies(), `after ${command}`).toEqual([lab().kubeconfig()]);
		}

		async function runs(script: string, ...args: string[]): Promise<void> {
			const { exitCode, all } = await lab().run(script, ...args);
			expect(exitCode, all).toBe(0);
		}

		beforeAll(async () => {
			credentials = credentialsOf(await readFile(lab().kubeconfig(), "utf8"));
			expect(credentials.length).toBeGreaterThan(40); // A key and a certificate, each in two encodings.
		});

		it.each([
			["verify"],
			["explain", "--from", "dnsutils", "--to", `${clusterName}-control-plane`],
			["renderReport"],
			["start"],
		])("are only in the kubeconfig after npm run %s", async (command, ...args) => {
			await runs(`cli/${command}.ts`, ...args);
			await expectNoCopy(command);
		});

		it("are only in the kubeconfig after the command that follows plain Pulumi commands", async () => {
			for (const args of [["stack", "export"], ["stack", "output", "--json"], ["config"], ["preview", "--diff"]]) {
				const { exitCode, all } = await lab().pulumi(...args);
				expect(exitCode, all).toBe(0);
			}
			// The official provider copies the kubeconfig into the temporary folder, and leaves the copy there.
			expect((await copies()).length).toBeGreaterThan(1);
			await runs("cli/verify.ts");
			await expectNoCopy("verify");
		});

		it("are only in the kubeconfig after the command that follows a killed npm start", async () => {
			await rm(join(lab().folder, "out/verification.json"));
			const isVerifying = (programs: string[]) =>
				programs.some((line) => line.includes("verification/verificationProgram"));
			await lab().runKilledWhen(isVerifying, "cli/start.ts");
			await runs("cli/start.ts");
			await expectNoCopy("a killed start and another one");
		});

		it("are neither printed nor passed to a process, and only their owner can read them", async () => {
			expect(processes().filter((process) => process.includes("kind/kindProgram")).length).toBeGreaterThan(1);
			expect(processes().filter((process) => holdsAny(process, credentials))).toEqual([]);
			expect(lab().printed.filter((text) => holdsAny(text, credentials))).toEqual([]);
			expect((await stat(lab().kubeconfig())).mode & 0o777).toBe(0o600);
			expect((await stat(dirname(lab().kubeconfig()))).mode & 0o777).toBe(0o700);
		});

		it("open an API server that listens on loopback only", async () => {
			expect(await readFile(lab().kubeconfig(), "utf8")).toMatch(/^ +server: https:\/\/127\.0\.0\.1:\d+$/m);
			const { stdout } = await execa("docker", ["port", `${clusterName}-control-plane`]);
			expect(stdout).toMatch(/^6443\/tcp -> 127\.0\.0\.1:\d+$/);
		});
	});

/** Reads the credentials again: the cluster may be another one by now. */
export const secretsAfterDestroy = (lab: () => Lab, temporary: string) =>
	it("the cluster's credentials are gone after npm run destroy", async () => {
		const credentials = credentialsOf(await readFile(lab().kubeconfig(), "utf8"));
		const { exitCode, all } = await lab().run("cli/destroy.ts");
		expect(exitCode, all).toBe(0);
		expect(await copiesOf(credentials, lab(), temporary)).toEqual([]);
	});

import { existsSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { environmentText, writeEnvironment } from "../../../../toolchain/environment/environmentFile.ts";
import { temporaryFolder } from "../../temporary.ts";

const folder = temporaryFolder();

const paths = {
	bin: "/my lab's/$(id)/bin",
	kubeconfig: "/my-lab/(*)/~#/kube.yaml",
	kubeCache: "/my lab's!/`id`\\/cache",
	pulumiHome: "/my lab's/pulumi",
};

/** The environment that a shell has after it sourced the file, from another folder. */
async function sourced(shell: string, before: Record<string, string>, times = 1): Promise<Record<string, string>> {
	const file = join(folder.path, "env");
	await writeEnvironment(paths, file);
	const script = `set -eu; ${'. "$0"; '.repeat(times)} exec /usr/bin/env -0`;
	// A bash whose stdin is a socket takes itself for a remote login and reads ~/.bashrc.
	const options = { stdin: "ignore", cwd: "/", extendEnv: false, env: { PATH: "/usr/bin:/bin", ...before } } as const;
	const { stdout } = await execa(shell, ["-c", script, file], options);
	const lines = stdout.split("\0").filter((line) => line.includes("="));
	return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

const shells = ["/bin/sh", "/bin/bash", "/bin/zsh"].filter((shell) => existsSync(shell));

describe.each(shells)("in %s", (shell) => {
	test("the tools come first on PATH, and Pulumi and kubectl use the project's files", async () => {
		expect(await sourced(shell, {})).toMatchObject({
			PATH: `${paths.bin}:/usr/bin:/bin`,
			KUBECONFIG: paths.kubeconfig,
			KUBECACHEDIR: paths.kubeCache,
			PULUMI_HOME: paths.pulumiHome,
			PULUMI_STACK: "dev",
			PULUMI_CONFIG_PASSPHRASE: "",
		});
	});

	test("the user's kubeconfigs follow the lab's", async () => {
		const { KUBECONFIG } = await sourced(shell, { KUBECONFIG: "/my/config:/other config" });
		expect(KUBECONFIG).toBe(`${paths.kubeconfig}:/my/config:/other config`);
	});

	test("PATH and KUBECONFIG contain the lab's entry once if the file is sourced twice", async () => {
		expect(await sourced(shell, { KUBECONFIG: "/my/config" }, 2)).toMatchObject({
			PATH: `${paths.bin}:/usr/bin:/bin`,
			KUBECONFIG: `${paths.kubeconfig}:/my/config`,
		});
	});

	test.each([
		[{}, undefined],
		[{ https_proxy: "http://proxy:3128" }, "localhost,127.0.0.1"],
		[{ http_proxy: "http://proxy:3128", NO_PROXY: "example.com" }, "localhost,127.0.0.1,example.com"],
		[{ https_proxy: "http://proxy:3128", no_proxy: "a,127.0.0.1", NO_PROXY: "b" }, "a,127.0.0.1"],
	])("with the proxy variables %j, no_proxy is %s", async (before: Record<string, string>, expected) => {
		expect((await sourced(shell, before, 2)).no_proxy).toBe(expected);
	});

	test("the project's Pulumi home replaces a user's one without the plugins", async () => {
		expect(await sourced(shell, { PULUMI_HOME: "/my/pulumi" })).toMatchObject({ PULUMI_HOME: paths.pulumiHome });
	});

	test("keeps the user's own stack, passphrase and cache", async () => {
		const own = { PULUMI_STACK: "prod", PULUMI_CONFIG_PASSPHRASE: "secret", KUBECACHEDIR: "/cache" };
		expect(await sourced(shell, own)).toMatchObject(own);
	});

	test("doesn't replace the user's passphrase file by an empty passphrase", async () => {
		const own = await sourced(shell, { PULUMI_CONFIG_PASSPHRASE_FILE: "/secret" });
		expect(own.PULUMI_CONFIG_PASSPHRASE_FILE).toBe("/secret");
		expect(own).not.toHaveProperty("PULUMI_CONFIG_PASSPHRASE");
	});
});

test("doesn't set PULUMI_HOME if the user's own has the plugins", () => {
	expect(environmentText({ bin: "/bin", kubeconfig: "/kube", kubeCache: "/cache" })).not.toContain("PULUMI_HOME");
});

test.each([
	["/my labs/100% #1/é/.state", "file:///my%20labs/100%25%20%231/%C3%A9/.state"],
	["/my labs/é/.state", undefined],
])("the backend in %s is named only if Pulumi can't read its path in Pulumi.yaml", (state, url) => {
	const text = environmentText({ bin: "/bin", kubeconfig: "/kube", kubeCache: "/cache" }, state);
	expect(/PULUMI_BACKEND_URL=(\S+)$/m.exec(text)?.[1]).toBe(url);
});

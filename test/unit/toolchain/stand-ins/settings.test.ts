import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
	diffSettings,
	loadKubeConfig,
	readSettings,
	unsupportedSettings,
} from "../../../../toolchain/stand-ins/kubernetes/settings.ts";
import { type Properties, secret, unknown } from "../../../../toolchain/stand-ins/protocol/properties.ts";

const folder = mkdtempSync(join(tmpdir(), "nodeport-lab-settings-"));
afterAll(() => rmSync(folder, { recursive: true }));

const kubeconfig = (server: string, user = "u") =>
	JSON.stringify({
		"current-context": "one",
		contexts: [
			{ name: "one", context: { cluster: "c1", user, namespace: "lab" } },
			{ name: "two", context: { cluster: "c2", user } },
		],
		clusters: [
			{ name: "c1", cluster: { server } },
			{ name: "c2", cluster: { server: "https://127.0.0.1:2" } },
		],
		users: [{ name: user, user: {} }],
	});

describe("settings", () => {
	it.each<[string, Properties, string[]]>([
		[
			"those that it supports",
			{ kubeconfig: "x", clusterIdentifier: "i", deleteUnreachable: "true", version: "4" },
			[],
		],
		["others that are off", { enableConfigMapMutable: "false", renderYamlToDirectory: "" }, []],
		["others that say what it does anyway", { enableServerSideApply: "true" }, []],
		["client-side apply", { enableServerSideApply: "false" }, []],
		["others", { cluster: "c", kubeClientSettings: '{"burst":1}' }, ["cluster", "kubeClientSettings"]],
		["others that are secret", { renderYamlToDirectory: secret("out") }, ["renderYamlToDirectory"]],
	])("refuses by name, given %s", (_, settings, refused) => {
		const failures = unsupportedSettings(settings);
		expect(failures.map(({ property }) => property)).toEqual(refused);
		for (const { property, reason } of failures) {
			expect(reason).toBe(`${property} is not supported by the lab's stand-in; install the official plugin`);
		}
	});

	it("are read from the engine's texts, secrets and all", () => {
		expect(readSettings({ kubeconfig: secret("k"), context: "", deleteUnreachable: "true" })).toEqual({
			kubeconfig: "k",
			deleteUnreachable: true,
			skipUpdateUnreachable: false,
		});
	});
});

describe("a kubeconfig", () => {
	const content = kubeconfig("https://127.0.0.1:1");
	const path = join(folder, "kubeconfig");
	writeFileSync(path, content);

	it.each([
		["content", { kubeconfig: content }, "https://127.0.0.1:1"],
		["a path", { kubeconfig: path }, "https://127.0.0.1:1"],
		["another context", { kubeconfig: content, context: "two" }, "https://127.0.0.1:2"],
	])("is found by %s", (_, settings, server) => {
		expect(loadKubeConfig(settings).getCurrentCluster()?.server).toBe(server);
	});

	it("without the context says which there are", () => {
		expect(() => loadKubeConfig({ kubeconfig: content, context: "three" })).toThrow(/"three".*one, two/);
	});
	it("that is neither file nor content fails", () => {
		expect(() => loadKubeConfig({ kubeconfig: "/nowhere/kubeconfig" })).toThrow();
	});
});

describe("another provider", () => {
	const here = kubeconfig("https://127.0.0.1:1");
	const there = kubeconfig("https://127.0.0.1:9");
	it.each<[string, Properties, Properties, string[], boolean]>([
		["nothing changed", { kubeconfig: here }, { kubeconfig: here }, [], false],
		["only the SDK's version", { version: "1" }, { version: "2" }, [], false],
		[
			"another user of the same server",
			{ kubeconfig: here },
			{ kubeconfig: kubeconfig("https://127.0.0.1:1", "v") },
			["kubeconfig"],
			false,
		],
		["another server", { kubeconfig: here }, { kubeconfig: there }, ["kubeconfig"], true],
		["another context", { kubeconfig: here }, { kubeconfig: here, context: "two" }, ["context"], true],
		["a kubeconfig still unknown", { kubeconfig: here }, { kubeconfig: unknown }, ["kubeconfig"], true],
		["from the ambient kubeconfig to one that leads nowhere", {}, { kubeconfig: "x" }, ["kubeconfig"], false],
		[
			"the same identifier at another server",
			{ kubeconfig: here, clusterIdentifier: "a" },
			{ kubeconfig: secret(there), clusterIdentifier: "a" },
			["kubeconfig"],
			false,
		],
		[
			"the same identifier while the kubeconfig is unknown",
			{ kubeconfig: here, clusterIdentifier: "a" },
			{ kubeconfig: unknown, clusterIdentifier: "a" },
			["kubeconfig"],
			false,
		],
		[
			"another identifier at the same server",
			{ kubeconfig: here, clusterIdentifier: "a" },
			{ kubeconfig: here, clusterIdentifier: "b" },
			["clusterIdentifier"],
			true,
		],
		[
			"an identifier still unknown",
			{ kubeconfig: here, clusterIdentifier: "a" },
			{ kubeconfig: unknown, clusterIdentifier: unknown },
			["kubeconfig", "clusterIdentifier"],
			true,
		],
		[
			"an identifier for the first time",
			{ kubeconfig: here },
			{ kubeconfig: here, clusterIdentifier: "a" },
			["clusterIdentifier"],
			false,
		],
	])("%s", (_, old, now, changed, replaced) => {
		const { changes, replaces } = diffSettings(old, now);
		expect(changes.map(({ path }) => path[0])).toEqual(changed);
		expect(replaces).toEqual(replaced ? changes : []);
	});
});

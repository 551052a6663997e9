import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
	deletesUnreachable,
	diffSettings,
	loadKubeConfig,
	unsupportedSettings,
} from "../../../../../toolchain/substitutes/kubernetes/providerSettings.ts";
import { type Properties, secret, unknown } from "../../../../../toolchain/substitutes/protocol/properties.ts";
import { temporaryFolder } from "../../../temporary.ts";

const folder = temporaryFolder();

const kubeconfig = (server: string) =>
	JSON.stringify({
		"current-context": "one",
		contexts: [
			{ name: "one", context: { cluster: "c1", user: "u" } },
			{ name: "two", context: { cluster: "c2", user: "u" } },
		],
		clusters: [
			{ name: "c1", cluster: { server } },
			{ name: "c2", cluster: { server: "https://127.0.0.1:2" } },
		],
		users: [{ name: "u", user: {} }],
	});
const here = kubeconfig("https://127.0.0.1:1");
const lab = { kubeconfig: here, clusterIdentifier: "a" };

describe("settings", () => {
	it.each<[string, Properties, string[]]>([
		["those that the lab sets", { ...lab, deleteUnreachable: "true", version: "4" }, []],
		["a kubeconfig as YAML", { ...lab, kubeconfig: secret("kind: Config\nclusters: []\n") }, []],
		["what only a later step will know", { kubeconfig: unknown, clusterIdentifier: unknown }, []],
		["others that are off", { ...lab, enableConfigMapMutable: "false", renderYamlToDirectory: "" }, []],
		["another context", { ...lab, context: "c" }, []],
		["others", { ...lab, cluster: "c", skipUpdateUnreachable: "true" }, ["cluster", "skipUpdateUnreachable"]],
		["others that are secret", { ...lab, renderYamlToDirectory: secret("out") }, ["renderYamlToDirectory"]],
		["a kubeconfig's path", { ...lab, kubeconfig: "/home/me/.kube/config" }, []],
		["no clusterIdentifier", { kubeconfig: here }, []],
		["nothing", {}, ["kubeconfig"]],
	])("refuses by name, given %s", (_, settings, refused) => {
		const failures = unsupportedSettings(settings);
		expect(failures.map(({ property }) => property)).toEqual(refused);
		for (const { property, reason } of failures) {
			expect(reason).toContain(property);
			expect(reason).toMatch(
				/ is not supported by the built-in substitute for the plugin; install the official plugin$/,
			);
		}
	});

	it.each<[Properties, boolean]>([
		[{ deleteUnreachable: "true" }, true],
		[{ deleteUnreachable: true }, true],
		[{ deleteUnreachable: "false" }, false],
		[{}, false],
	])("%j: resources of a lost cluster are taken for deleted: %s", (settings, deletes) => {
		expect(deletesUnreachable(settings)).toBe(deletes);
	});
});

describe("a kubeconfig", () => {
	it("names its current context's cluster, also as a secret", () => {
		expect(loadKubeConfig({ kubeconfig: secret(here) }).getCurrentCluster()?.server).toBe("https://127.0.0.1:1");
	});

	it("names the given context's cluster, by its content or its path", () => {
		const path = join(folder.path, "config");
		writeFileSync(path, here);
		const serverOf = (settings: Properties) => loadKubeConfig(settings).getCurrentCluster()?.server;
		expect(serverOf({ kubeconfig: here, context: "two" })).toBe("https://127.0.0.1:2");
		expect(serverOf({ kubeconfig: path })).toBe("https://127.0.0.1:1");
		expect(serverOf({ kubeconfig: path, context: "two" })).toBe("https://127.0.0.1:2");
	});

	it.each<[string, Properties, string]>([
		["that isn't known yet", { kubeconfig: unknown }, "isn't known yet"],
		["with an unknown context", { kubeconfig: here, context: unknown }, "isn't known yet"],
		["at a path that doesn't exist", { kubeconfig: "/nowhere/config" }, "/nowhere/config"],
		["that is absent", {}, "isn't known yet"],
		["without such a context", { kubeconfig: here, context: "three" }, 'no cluster for its context "three"'],
	])("%s is refused", (_, settings, message) => {
		expect(() => loadKubeConfig(settings)).toThrow(message);
	});
});

describe("another provider", () => {
	const there = kubeconfig("https://127.0.0.1:9");
	const otherUser = here.replace('"user":{}', '"user":{"token":"t"}');
	const otherName = here.replaceAll('"c1"', '"c2"');
	it.each<[string, Properties, Properties, string[], boolean]>([
		["nothing changed", lab, { ...lab, kubeconfig: secret(here) }, [], false],
		["only the SDK's version", { ...lab, version: "1" }, { ...lab, version: "2" }, [], false],
		["the same cluster at another address", lab, { ...lab, kubeconfig: secret(there) }, ["kubeconfig"], false],
		["the same cluster, its address unknown", lab, { ...lab, kubeconfig: unknown }, ["kubeconfig"], false],
		["another cluster at the same address", lab, { ...lab, clusterIdentifier: "b" }, ["clusterIdentifier"], true],
		[
			"an unknown cluster",
			lab,
			{ kubeconfig: unknown, clusterIdentifier: unknown },
			["kubeconfig", "clusterIdentifier"],
			true,
		],
		["without clusterIdentifier, nothing changed", { kubeconfig: here }, { kubeconfig: secret(here) }, [], false],
		["without it, another address", { kubeconfig: here }, { kubeconfig: there }, ["kubeconfig"], true],
		["without it, another user only", { kubeconfig: here }, { kubeconfig: otherUser }, ["kubeconfig"], false],
		["without it, another name only", { kubeconfig: here }, { kubeconfig: otherName }, ["kubeconfig"], false],
		["without it, an unknown address", { kubeconfig: here }, { kubeconfig: unknown }, ["kubeconfig"], true],
		["with a new clusterIdentifier, the same address", { kubeconfig: here }, lab, ["clusterIdentifier"], false],
	])("%s", (_, old, now, changed, replaced) => {
		const { changes, replaces } = diffSettings(old, now);
		expect(changes.map(({ path }) => path[0])).toEqual(changed);
		expect(replaces).toEqual(replaced ? changes : []);
	});
});

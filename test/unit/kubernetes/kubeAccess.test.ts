import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { commandFor, restartProxyCommand } from "../../../kubernetes/exec.ts";
import { kubectlText, loadAccess } from "../../../kubernetes/kubeAccess.ts";
import { shellText } from "../../../lib/shell.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();
let kubeconfig: string;

beforeEach(() => {
	kubeconfig = join(folder.path, "config");
	const cluster = (name: string, port: number) => ({ name, cluster: { server: `https://127.0.0.1:${port}` } });
	const text = JSON.stringify({
		"current-context": "one",
		contexts: ["one", "two", "lost"].map((name) => ({ name, context: { cluster: `c-${name}`, user: "u" } })),
		clusters: [cluster("c-one", 1), cluster("c-two", 2)],
		users: [{ name: "u", user: { token: "c2VjcmV0" } }],
	});
	writeFileSync(kubeconfig, text);
});

describe("access to a cluster", () => {
	it.each([
		[undefined, "https://127.0.0.1:1"],
		["two", "https://127.0.0.1:2"],
	])("with the context %s leads to %s", (context, server) => {
		expect(loadAccess({ kubeconfig, context }).getCurrentCluster()?.server).toBe(server);
	});

	it.each([
		["three", /^\S+config has no context "three"; it has one, two, lost$/],
		["lost", /^\S+config isn't a readable kubeconfig \(its context "lost" refers to a missing cluster\)$/],
	])("with the context %s fails, and the error contains nothing of the file", (context, message) => {
		const load = () => loadAccess({ kubeconfig, context });
		expect(load).toThrow(message);
		expect(load).not.toThrow(/c2VjcmV0/);
	});
});

describe("commands to paste", () => {
	const access = { kubeconfig: "/home/me/.kube/config", context: "my cluster" };
	const exec = { exec: { namespace: "nodeport-lab", pod: "dnsutils", container: "dnsutils" } };
	it.each([
		[
			shellText(...commandFor(access, exec, ["curl", "-s", "http://a b"])),
			"kubectl --kubeconfig /home/me/.kube/config --context 'my cluster' exec -n nodeport-lab dnsutils -c dnsutils -- curl -s 'http://a b'",
		],
		[
			shellText(...(restartProxyCommand(access, exec) ?? [])),
			"kubectl --kubeconfig /home/me/.kube/config --context 'my cluster' delete pod -n nodeport-lab dnsutils",
		],
		[
			kubectlText({ kubeconfig: ".kube/nodeport.yaml" }, "get", "pods"),
			"kubectl --kubeconfig .kube/nodeport.yaml get pods",
		],
	])("contain the context if one is set: %s", (text, expected) => {
		expect(text).toBe(expected);
	});
});

import { existsSync } from "node:fs";
import { chmod, chown, mkdir, symlink, writeFile } from "node:fs/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { removeKubeconfigCopies } from "../../../../cli/update/kubeconfigCopies.ts";
import { scratchFolder } from "../../fakePrograms.ts";

scratchFolder();

const kubeconfig = (key: string) => `# access 1
apiVersion: v1
clusters: [{name: kind-nodeport, cluster: {server: "https://127.0.0.1:1"}}]
contexts: [{name: kind-nodeport, context: {cluster: kind-nodeport, user: kind-nodeport}}]
current-context: kind-nodeport
users: [{name: kind-nodeport, user: {client-key-data: ${key}}}]
`;

beforeEach(async () => {
	await mkdir("tmp");
	await mkdir(".kube");
	await writeFile(".kube/nodeport.yaml", kubeconfig("bGFi"));
});

describe("copies of the kubeconfig in the system's temporary folder", () => {
	it("are removed, also if Pulumi's provider has written them in another form", async () => {
		await writeFile("tmp/kubeconfig123", kubeconfig("bGFi"), { mode: 0o600 });
		const json = JSON.stringify({ users: [{ user: { "client-key-data": "bGFi" } }], apiVersion: "v1" });
		await writeFile("tmp/kubeconfig4", json, { mode: 0o600 });
		await removeKubeconfigCopies("tmp");
		expect(existsSync("tmp/kubeconfig123") || existsSync("tmp/kubeconfig4")).toBe(false);
		expect(existsSync(".kube/nodeport.yaml")).toBe(true);
	});

	it.each([
		["with another key", "kubeconfig1", kubeconfig("b3RoZXI=")],
		["with another name", "kubeconfig1.bak", kubeconfig("bGFi")],
		["without a key", "kubeconfig1", "users: [{user: {token: t}}]"],
		["that aren't YAML", "kubeconfig1", "{bGFi"],
	])("stay, %s", async (_, name, text) => {
		await writeFile(`tmp/${name}`, text);
		await removeKubeconfigCopies("tmp");
		expect(existsSync(`tmp/${name}`)).toBe(true);
	});

	it("stay, if they are links or folders", async () => {
		await writeFile("elsewhere", kubeconfig("bGFi"));
		await symlink("../elsewhere", "tmp/kubeconfig1");
		await mkdir("tmp/kubeconfig2");
		await removeKubeconfigCopies("tmp");
		expect(existsSync("elsewhere") && existsSync("tmp/kubeconfig1") && existsSync("tmp/kubeconfig2")).toBe(true);
	});

	it.runIf(process.getuid?.() === 0)("stay, if they are another user's", async () => {
		await writeFile("tmp/kubeconfig1", kubeconfig("bGFi"));
		await chmod("tmp/kubeconfig1", 0o644);
		await chown("tmp/kubeconfig1", 12_345, 12_345);
		await removeKubeconfigCopies("tmp");
		expect(existsSync("tmp/kubeconfig1")).toBe(true);
	});

	it("stay, if the project has no cluster", async () => {
		await writeFile(".kube/nodeport.yaml", "");
		await writeFile("tmp/kubeconfig1", kubeconfig("bGFi"));
		await removeKubeconfigCopies("tmp");
		expect(existsSync("tmp/kubeconfig1")).toBe(true);
	});
});

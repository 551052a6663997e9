/** What a folder of evidence contains. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { nodeNames } from "../../../config/clusterShape.ts";
import type { Lab } from "./lab.ts";
import { clusterName } from "./testResources.ts";

/** Checks that the folder of evidence of a default lab is complete, below its size limit, and without secrets. */
export async function holdsEvidence(lab: Lab, path: string): Promise<void> {
	expect(path).toMatch(/^out\/evidence-[\dTZ-]+$/);
	const nodes = nodeNames(clusterName, 3);
	const folder = join(lab.folder, path);
	const entries = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
	const names = entries.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1));
	const perNode = ["iptables.rules", "journal.log"];
	const perNamespace = ["pods.yaml", "services.yaml", "endpointslices.yaml", "events.txt"];
	const index = await readFile(join(folder, "index.txt"), "utf8");
	expect(names, index).toEqual(
		expect.arrayContaining([
			...["index.txt", "report.txt", "report.json", "nodes.yaml", "namespaces/default/dnsutils/dnsutils.log"],
			...nodes.flatMap((node) => perNode.map((name) => `nodes/${node}/${name}`)),
			...["default", "kube-system"].flatMap((namespace) =>
				perNamespace.map((name) => `namespaces/${namespace}/${name}`),
			),
		]),
	);
	for (const pod of ["kube-proxy", "coredns"])
		expect(names.filter((name) => name.startsWith(`namespaces/kube-system/${pod}-`)).length).toBeGreaterThan(1);
	const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
	const textOf = (name: string) => texts[names.indexOf(name)] ?? "";
	expect(textOf(`nodes/${nodes.at(-1)}/iptables.rules`)).toContain("KUBE-NODEPORTS");
	expect(textOf(`nodes/${nodes.at(-1)}/journal.log`)).toMatch(/ kubelet\[\d+\]: [\s\S]* containerd\[\d+\]: /);
	expect(textOf("namespaces/default/events.txt")).toContain("Scaled down replica set");
	expect(index).toContain("observed refused");
	expect(Buffer.byteLength(texts.join(""))).toBeLessThan(16 * 1024 * 1024);
	const { kubeconfig } = await lab.outputs();
	const [, key = ""] = /client-key-data: (\S+)/.exec(String(kubeconfig)) ?? [];
	const pem = Buffer.from(key, "base64")
		.toString()
		.split("\n")
		.filter((line) => line.length === 64);
	expect(pem.length).toBeGreaterThan(10);
	for (const secret of [key, ...pem]) expect(texts.filter((text) => text.includes(secret))).toEqual([]);
	for (const text of texts) expect(text).not.toMatch(/-----BEGIN |eyJhbGciOi|LS0tLS1CRUdJTi|^kind: Secret$/m);
}

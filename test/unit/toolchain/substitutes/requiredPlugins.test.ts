import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { requiredPlugins } from "../../../../toolchain/substitutes/requiredPlugins.ts";

const root = mkdtempSync(join(tmpdir(), "nodeport-lab-plugins-"));
afterAll(() => rmSync(root, { recursive: true }));
const write = (path: string, manifest: object) => {
	mkdirSync(join(root, path), { recursive: true });
	writeFileSync(join(root, path, "package.json"), JSON.stringify(manifest));
};
write(".", {
	dependencies: { "@pulumi/random": "*", plain: "*" },
	devDependencies: { "@acme/pulumi-x": "*", absent: "*" },
});
write("node_modules/@pulumi/random", { version: "v4.1.0", pulumi: { resource: true } });
write("node_modules/@acme/pulumi-x", { version: "9.9.9", pulumi: { resource: true, name: "x", version: "1.2.3" } });
write("node_modules/plain", { version: "1.0.0" });
write("deep/program", {});

it("lists the providers of the program's npm dependencies, with their installed versions", () => {
	const expected = [
		{ name: "random", version: "4.1.0" },
		{ name: "x", version: "1.2.3" },
	];
	expect(requiredPlugins(root)).toEqual(expected);
	expect(requiredPlugins(join(root, "deep"))).toEqual(expected);
});

it("lists nothing for a program without dependencies", () => {
	expect(requiredPlugins(join(root, "deep", "program"))).toEqual([]);
});

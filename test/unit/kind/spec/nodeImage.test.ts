import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { builtNodeImage, defaultNodeImage, kindVersion, publishedNodeImage } from "../../../../kind/spec/nodeImage.ts";
import { scratchFolder } from "../../fakePrograms.ts";
import { addImage, containers, fakeEngine } from "../fakeEngine.ts";

const read = (path: string): string => readFileSync(join(import.meta.dirname, "../../../..", path), "utf8");

/** Go's module cache, which holds kind's source where set-up has built kind. */
function kindSource(): string {
	try {
		const cache = execFileSync("go", ["env", "GOMODCACHE"], {
			encoding: "utf8",
			stdio: ["ignore", "pipe", "ignore"],
		}).trim();
		return join(cache, `sigs.k8s.io/kind@${kindVersion}/pkg/apis/config/defaults/image.go`);
	} catch {
		return ""; // Without Go.
	}
}

it("is kind's own one of the version that set-up installs", () => {
	expect(read("toolchain/go/kind/go.mod")).toContain(`sigs.k8s.io/kind ${kindVersion} `);
	expect(publishedNodeImage).toMatch(/^kindest\/node:v1\.\d+\.\d+@sha256:[0-9a-f]{64}$/);
});

it.skipIf(!existsSync(kindSource()))("is the one in kind's source", () => {
	expect(readFileSync(kindSource(), "utf8")).toContain(`const Image = "${publishedNodeImage}"`);
});

it("is the lab's own one if set-up has built it", () => {
	expect(parse(read("Pulumi.yaml")).config.nodeImage.default).toBe(builtNodeImage);
});

scratchFolder(() => fakeEngine());

it("is chosen by what the engine has, for a cluster that doesn't exist", async () => {
	expect(await defaultNodeImage("c", ["c-control-plane"])).toBe(publishedNodeImage);
	await addImage(builtNodeImage);
	expect(await defaultNodeImage("c", ["c-control-plane"])).toBe(builtNodeImage);
});

it("of an existing cluster stays, even if another one is built later", async () => {
	const [plane, worker] = containers("1");
	if (!plane || !worker) throw new Error("no nodes");
	await fakeEngine([
		{ ...plane, image: "node:2" },
		{ ...worker, image: "node:1" },
	]);
	await addImage(builtNodeImage);
	expect(await defaultNodeImage("c", ["c-worker"])).toBe("node:1");
});
